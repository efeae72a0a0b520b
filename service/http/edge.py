"""The outermost layer: every response gets its id and security headers, every request its line."""

from collections.abc import Awaitable, Callable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.context import Header, RequestContext, open_context

SECURITY_HEADERS: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"geolocation=(), microphone=(), camera=()"),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains; preload"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
PATH_LOGGED_CHARACTERS_MAX = 200


class Edge:
    """Wraps ``send`` once, so that no response leaves without its headers; keeps the access log.

    A security header that a response carries already stays (a page loosens its CSP this way).
    ``monotonic`` is in microseconds.
    """

    def __init__(self, app: ASGIApp, monotonic: Callable[[], int]) -> None:
        self._app = app
        self._monotonic = monotonic
        self._log = structlog.get_logger().bind(logger="access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection and write its line."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = self._monotonic()
        context = open_context(scope)

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                context.status = message["status"]
                _complete(message, context)
            return send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._write_line("request", scope["method"], scope, context, started)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = self._monotonic()
        context = open_context(scope)

        async def receive_noting_code() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect" and context.status is None:
                context.status = message.get("code")
            return message

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "websocket.accept":
                _complete(message, context)
            elif message["type"] == "websocket.close":
                context.status = message.get("code", 1000)
            return send(message)

        try:
            await self._app(scope, receive_noting_code, send_with_headers)
        finally:
            self._write_line("websocket", "GET", scope, context, started)

    def _write_line(
        self, event: str, method: str, scope: Scope, context: RequestContext, started: int
    ) -> None:
        self._log.info(
            event,
            method=method,
            path=scope["path"][:PATH_LOGGED_CHARACTERS_MAX],
            status=context.status,
            duration_ms=(self._monotonic() - started) / 1_000,
            key=context.key,
        )


def _complete(message: Message, context: RequestContext) -> None:
    own = list(message.get("headers", ()))
    names = {name for name, _ in own}
    security = [header for header in SECURITY_HEADERS if header[0] not in names]
    message["headers"] = own + context.headers + security
