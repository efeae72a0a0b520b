"""The outermost layer: every response gets its id and security headers, every request its line."""

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.access_log import AccessLog
from service.http.context import Header, RequestContext, open_context
from service.metrics.traffic import Traffic

SECURITY_HEADERS: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"geolocation=(), microphone=(), camera=()"),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains; preload"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
_SECURITY_NAMES = frozenset(name for name, _ in SECURITY_HEADERS)


class Edge:
    """Wraps ``send`` once, so that no response leaves without its headers; keeps the access log.

    A security header that a response carries already stays (a page loosens its CSP this way).
    ``monotonic`` is in microseconds; ``traffic`` counts the requests.
    """

    def __init__(self, app: ASGIApp, monotonic: Callable[[], int], traffic: Traffic) -> None:
        self._app = app
        self._monotonic = monotonic
        self._traffic = traffic
        self._log = AccessLog()

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
        self._traffic.began()

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                context.status = message["status"]
                _complete(message, context)
            return send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            duration = self._monotonic() - started
            self._traffic.ended(scope["method"], context.route, context.status, duration)
            self._log.write("request", scope["method"], scope, context, duration)

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
            duration = self._monotonic() - started
            self._log.write("websocket", "GET", scope, context, duration)


def _complete(message: Message, context: RequestContext) -> None:
    own = message.get("headers", ())
    security = SECURITY_HEADERS
    replaced = [name for name, _ in own if name in _SECURITY_NAMES]
    if replaced:
        security = [header for header in security if header[0] not in replaced]
    message["headers"] = [*own, *context.headers, *security]
