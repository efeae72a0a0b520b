"""Responses on the wire: what is written in one go is what uvicorn would have written."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.http.application import Application
from service.http.heads import JOINED_BYTES_MAX
from service.http.stack import middleware
from service.settings import Settings
from tests.service.log_capture import captured_log
from tests.serving import exchange, serve

DATES = b"\r\ndate: "
IDS = b"x-request-id: "


async def short(_: Request) -> Response:
    return Response(b"short", media_type="text/plain")


async def long(_: Request) -> Response:
    return Response(b"x" * (JOINED_BYTES_MAX + 1))


async def nothing(_: Request) -> Response:
    return Response(status_code=204)


async def unmodified(_: Request) -> Response:
    return Response(status_code=304, headers={"ETag": '"1"'})


async def last(_: Request) -> Response:
    return Response(b"last", headers={"Connection": "close"})


async def streamed(_: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return StreamingResponse(pieces())


async def announced(_: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return StreamingResponse(pieces(), headers={"Content-Length": "6"})


class Raw:
    """Sends a start and a body as they are."""

    def __init__(self, headers: list[tuple[bytes, bytes]], *bodies: bytes) -> None:
        self._headers = headers
        self._bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        for number, body in enumerate(self._bodies, 1):
            more = number < len(self._bodies)
            await send({"type": "http.response.body", "body": body, "more_body": more})


def app() -> Application:
    handlers: list[Callable[[Request], Awaitable[Response]]] = [
        *(short, long, nothing, unmodified, last, streamed, announced)
    ]
    return Application(
        routes=[
            *(Route(f"/{handler.__name__}", handler) for handler in handlers),
            Route("/injecting", Raw([(b"content-length", b"2"), (b"x", b"a\r\nset: b")], b"ok")),
            Route("/too-short", Raw([(b"content-length", b"3")], b"ok")),
            Route("/too-long", Raw([(b"content-length", b"1")], b"ok")),
        ],
        middleware=middleware(Settings(rate_limit=1_000)),
    )


async def answers(*requests: bytes, **options: object) -> bytes:
    """What comes back over one connection, without the clock and the ids in it."""
    async with serve(app(), **options) as url:
        received = await exchange(url, *requests)
    lines = received.split(b"\r\n")
    volatile = (b"date: ", b"x-request-id: ", b"x-ratelimit-")
    return b"\r\n".join(line for line in lines if not line.startswith(volatile))


def asked(path: str, method: str = "GET", version: str = "1.1", end: bool = False) -> bytes:
    close = "Connection: close\r\n" if end else ""
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n{close}\r\n".encode()


@pytest.mark.parametrize("path", ["/short", "/long", "/nothing", "/unmodified", "/announced"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_bytes_are_uvicorns(path: str, method: str) -> None:
    requests = [asked(path, method), asked("/streamed"), asked("/last")]
    ours = await answers(b"".join(requests))
    theirs = await answers(b"".join(requests), http=HttpToolsProtocol)
    assert ours.count(b"HTTP/1.1 ") == 3
    assert ours == theirs


async def test_a_head_may_be_a_single_line() -> None:
    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    requests = asked("/") + asked("/", end=True)
    async with serve(bare, lifespan="off", date_header=False) as url:
        received = await exchange(url, requests)
    assert received == (
        b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
    )


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_connection_that_ends_says_so(version: str) -> None:
    request = asked("/short", version=version, end=True)
    ours = await answers(request)
    assert b"\r\nconnection: close\r\n" in ours
    assert ours == await answers(request, http=HttpToolsProtocol)


async def test_a_header_cannot_hold_another() -> None:
    with captured_log(Settings()) as log:
        received = await answers(asked("/injecting"))
    assert b"set: b" not in received
    assert "Invalid HTTP header value" in log.text


@pytest.mark.parametrize("path", ["/too-short", "/too-long"])
async def test_a_body_of_another_length_than_announced_breaks_off(path: str) -> None:
    with captured_log(Settings()) as log:
        received = await answers(asked(path))
    assert (b"ok" in received) == (path == "/too-short")  # never more than was announced
    assert "than Content-Length" in log.text
