"""Errors that say which status they are."""

from collections.abc import Mapping

import msgspec


class Refusal(msgspec.Struct, frozen=True):
    """What a client is told where it does not get what it asked for."""

    detail: str


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


class ForbiddenError(ApiError):
    """Whoever asks is known, but may not do this."""

    status = 403


class NotFoundError(ApiError):
    """There is no such thing."""

    status = 404


class NotAcceptableError(ApiError):
    """The client can use none of the forms that there are."""

    status = 406


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


class UnavailableError(ApiError):
    """Not at the moment; the client is to come back in so many seconds."""

    status = 503

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail, {"Retry-After": str(retry_after)})


class StoppingError(UnavailableError):
    """The service ends: what is under way is finished, nothing new is begun."""

    def __init__(self) -> None:
        super().__init__("the service is stopping; try again in a moment")
        self.headers["Connection"] = "close"


class TooManyRequestsError(ApiError):
    """The rate limit; ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, {"Retry-After": str(retry_after)})
