"""How large a body may be."""

from collections.abc import AsyncIterator

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from service.http.application import Application
from service.http.stack import middleware
from service.settings import Settings
from tests.service.http.bare_connection import connected
from tests.service.http.sample_app import sample_app
from tests.serving import client_of, exchange, serve

LIMIT = 1_000
SETTINGS = Settings(max_body_bytes=LIMIT)


def body_of(size: int) -> bytes:
    """A good request of ``size`` bytes."""
    return b'{"symbols":["AAPL"]' + b" " * (size - 20) + b"}"


async def chunks(body: bytes, size: int = 100) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("announced", [True, False])
async def test_the_limit_itself_passes_and_one_byte_more_does_not(announced: bool) -> None:
    async with client_of(sample_app(SETTINGS)) as client:
        for size, status in ((LIMIT, 201), (LIMIT + 1, 413)):
            body = body_of(size)
            content = body if announced else chunks(body)
            response = await client.post("/order", content=content)
            assert response.status_code == status, response.text
    assert response.json() == {"detail": "the body is larger than 1000 bytes"}
    assert response.headers.get_list("Connection") == ["close"]


async def test_an_announced_body_is_refused_before_any_of_it_is_sent() -> None:
    head = b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n"
    async with serve(sample_app(SETTINGS)) as url:
        plain = await exchange(url, head + b"\r\n")
        expecting = await exchange(url, head + b"Expect: 100-continue\r\n\r\n")
    for received in (plain, expecting):
        assert received.startswith(b"HTTP/1.1 413 ")
        assert received.count(b"HTTP/1.1") == 1


async def test_an_endless_body_is_refused_as_soon_as_it_is_too_large() -> None:
    head = b"POST /order HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"1f4\r\n" + b" " * 500 + b"\r\n"
    async with serve(sample_app(SETTINGS)) as url:
        received = await exchange(url, head, *[chunk] * 3)  # and never the last, empty one
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close\r\n" in received


async def test_a_body_that_goes_on_beside_the_response_breaks_nothing_off() -> None:
    async def talkative(_: Request) -> Response:
        async def pieces() -> AsyncIterator[str]:
            yield "one, "
            await anyio.sleep(0.2)
            yield "two"

        return StreamingResponse(pieces())

    app = Application(routes=[Route("/talk", talkative)], middleware=middleware(SETTINGS))
    head = (
        b"GET /talk HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    async with serve(app) as url, connected(url) as connection:
        await connection.send(head)
        received = await connection.receive_until(b"one, ")
        await connection.send(*[b"1f4\r\n" + b" " * 500 + b"\r\n"] * 3)
        received += await connection.remainder()
    assert received.endswith(b"two\r\n0\r\n\r\n")


async def test_a_client_that_sends_far_too_much_still_reads_the_answer() -> None:
    async with client_of(sample_app(SETTINGS)) as client:
        announced = await client.post("/order", content=b" " * 20_000_000)
        streamed = await client.post("/order", content=chunks(b" " * 20_000_000, 65_536))
    assert (announced.status_code, streamed.status_code) == (413, 413)


async def test_the_default_is_one_mebibyte() -> None:
    async with client_of(sample_app(Settings())) as client:
        fits = await client.post("/order", content=body_of(1 << 20))
        does_not = await client.post("/order", content=body_of((1 << 20) + 1))
    assert (fits.status_code, does_not.status_code) == (201, 413)
