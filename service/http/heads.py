"""The head of a response, checked in one go and written together with what follows it."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from service.http.context import Header

JOINED_BYTES_MAX = 16 * 1024  # more than that is not copied to save a system call
_ABOUT_THE_CONNECTION = frozenset({b"connection", b"transfer-encoding"})
_WITHOUT_BODY = (204, 304)
_ALLOWED = bytes([*b"\t", *range(0x20, 0x7F), *range(0x80, 0x100)])
_END_OF_LINE = b"\r\n"
_LINE = b": ".join


class ResponseWriter:
    """An ASGI app that runs ``app`` and writes its response to the connection of ``cycle``.

    Uvicorn looks at each header by itself, with two regular expressions, and writes head and body
    one by one: for a short answer that is half of its work. Here the headers are looked at
    together, and the head waits for the first piece of the body. What says how the connection or
    the body goes on, and what is malformed, is uvicorn's as before. Names of headers are in lower
    case, as ASGI has it.
    """

    def __init__(self, app: ASGIApp, cycle: RequestResponseCycle) -> None:
        self._app = app
        self._cycle = cycle
        self._head = b""

    def __call__(self, scope: Scope, receive: Receive, _: Send) -> Awaitable[None]:
        """Serve the request."""
        return self._app(scope, receive, self._send)

    async def _send(self, message: Message) -> None:
        cycle = self._cycle
        if message["type"] == "http.response.start":
            if cycle.keep_alive and not cycle.response_started and not cycle.disconnected:
                headers = [*cycle.default_headers, *message.get("headers", ())]
                self._head = _head(message["status"], headers, cycle)
                if self._head:
                    return
        elif self._head:
            head, self._head = self._head, b""
            body = message.get("body", b"")
            is_fit = len(body) <= min(cycle.expected_content_length, JOINED_BYTES_MAX)
            if is_fit and cycle.scope["method"] != "HEAD":
                cycle.expected_content_length -= len(body)
                head += body
                message = {**message, "body": b""}
            if cycle.flow.write_paused:
                await cycle.flow.drain()
            if not cycle.disconnected:
                cycle.transport.write(head)
        await cycle.send(message)  # type: ignore[arg-type]


def _head(status: int, headers: list[Header], cycle: RequestResponseCycle) -> bytes:
    """The head, which counts as begun, or nothing where only uvicorn knows how to write it."""
    by_name = dict(headers)
    length = by_name.get(b"content-length")
    if not headers or not _ABOUT_THE_CONNECTION.isdisjoint(by_name):
        return b""
    if length is None and status not in _WITHOUT_BODY:
        return b""
    lines = _END_OF_LINE.join(map(_LINE, headers))
    if lines.translate(None, _ALLOWED) != _END_OF_LINE * (len(headers) - 1):
        return b""
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    if length is not None:
        cycle.expected_content_length = int(length)
        cycle.chunked_encoding = False
    return b"".join((STATUS_LINE[status], lines, _END_OF_LINE, _END_OF_LINE))
