"""No body larger than the limit gets in, announced or not."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.context import context_of
from service.http.errors import ContentTooLargeError


class BodyLimit:
    """Raises 413 at once by ``Content-Length``, else as soon as more has come; reads no further.

    What comes after the response has begun is nothing that anybody reads.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection, its body under watch."""
        announced = _announced_bytes(scope) if scope["type"] == "http" else 0
        if announced == 0:  # nothing follows, or it is a WebSocket
            return self._app(scope, receive, send)
        self._require_fit(announced or 0)
        return self._watched(scope, receive, send)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if context_of(scope).status is None:
                self._require_fit(received)
            return message

        await self._app(scope, receive_within_limit, send)

    def _require_fit(self, body_bytes: int) -> None:
        if body_bytes > self._max_body_bytes:
            raise ContentTooLargeError(f"the body is larger than {self._max_body_bytes} bytes")


def _announced_bytes(scope: Scope) -> int | None:
    """How long the body is; ``None`` where it comes in chunks until it ends."""
    announced: int | None = 0
    for name, value in scope["headers"]:
        if name == b"content-length":
            announced = int(value)
        elif name == b"transfer-encoding":
            announced = None
    return announced
