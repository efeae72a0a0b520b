"""Errors that say which status they are."""

from collections.abc import Mapping


class ApiError(Exception):
    """A refusal with its status. ``detail`` tells the client what was wrong and what is right."""

    status = 500

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})


class BadRequestError(ApiError):
    """Something in the request is wrong."""

    status = 400


class UnauthorizedError(ApiError):
    """No API key, or a wrong one."""

    status = 401

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"WWW-Authenticate": "Bearer"})


class NotFoundError(ApiError):
    """There is no such thing."""

    status = 404


class ConflictError(ApiError):
    """Not now: the thing is in another state."""

    status = 409


class PreconditionFailedError(ApiError):
    """The thing is not as the client's ``If-Match`` has it."""

    status = 412


class ContentTooLargeError(ApiError):
    """The body is over the limit. The connection closes, for the rest of it is not read."""

    status = 413

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"Connection": "close"})


class UnsupportedMediaTypeError(ApiError):
    """The body is not JSON."""

    status = 415


class RangeNotSatisfiableError(ApiError):
    """A position or event beyond the head of what is there."""

    status = 416


class TooManyRequestsError(ApiError):
    """The rate limit; ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, {"Retry-After": str(retry_after)})
