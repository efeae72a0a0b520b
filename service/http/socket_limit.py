"""How many connections one client may have open for events that are still to come."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.context import address_of, context_of
from service.http.errors import TooManyRequestsError

EVENT_STREAM = b"text/event-stream"
EVENTS_PATH = "/events"
RETRY_SECONDS = 5


class SocketLimit:
    """Counts WebSockets and server-sent events by key, by address without keys.

    One too many is refused with 429, on a WebSocket with 1008. ``open`` holds the clients that
    have any.
    """

    def __init__(self, app: ASGIApp, sockets_max: int) -> None:
        self._app = app
        self._sockets_max = sockets_max
        self.open: dict[str, int] = {}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection, counted for as long as it lasts."""
        counts = _lasts(scope)
        return (self._counted if counts else self._app)(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = context_of(scope).key or address_of(scope)
        self._take(client)
        try:
            await self._app(scope, receive, send)
        finally:
            self._give_back(client)

    def _take(self, client: str) -> None:
        count = self.open.get(client, 0)
        if count >= self._sockets_max:
            raise TooManyRequestsError(
                f"{client} has {count} WebSockets and event streams open, as many as it may; "
                "close one of them first",
                RETRY_SECONDS,
            )
        self.open[client] = count + 1

    def _give_back(self, client: str) -> None:
        self.open[client] -= 1
        if not self.open[client]:
            del self.open[client]


def _lasts(scope: Scope) -> bool:
    if scope["type"] == "websocket":
        return True
    return (
        scope["type"] == "http"
        and scope["path"].endswith(EVENTS_PATH)
        and any(
            name == b"accept" and EVENT_STREAM in value.lower() for name, value in scope["headers"]
        )
    )
