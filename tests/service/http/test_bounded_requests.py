"""A request that is too large, too slow or endless is refused; what is within the limits is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from random import Random

import anyio
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from service.http.application import Application
from service.http.bounded import BoundedProtocol
from service.http.limits import ConnectionLimits
from service.http.stack import middleware
from service.settings import Settings
from tests.service.http.bare_connection import connected, refusal_in
from tests.serving import exchange, serve

LIMITS = ConnectionLimits()
GET = b"GET /echo HTTP/1.1\r\nHost: x\r\n"
LAST = b"Connection: close\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


class Hasty(BoundedProtocol):
    """As in production, but for those that have no time."""

    limits = ConnectionLimits(
        head_seconds=0.5,
        body_seconds=0.5,
        body_bytes_per_second=100_000,
        idle_seconds=0.5,
        requests_ahead_max=3,
    )


async def echo(request: Request) -> Response:
    headers = [(name.decode(), value.decode()) for name, value in request.scope["headers"]]
    body = (await request.body()).decode()
    return Response(msgspec.json.encode({"headers": headers, "body": body}))


async def unread(request: Request) -> Response:
    return PlainTextResponse("answered before the body came")


async def slow_stream(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            await anyio.sleep(0.15)
            yield b"piece "

    return StreamingResponse(pieces())


APP = Starlette(
    routes=[
        Route("/echo", echo, methods=["GET", "POST"]),
        Route("/unread", unread, methods=["POST"]),
        Route("/slow-stream", slow_stream),
    ]
)


@asynccontextmanager
async def hasty_server() -> AsyncIterator[str]:
    async with serve(APP, http=Hasty) as url:
        yield url


def headers_of(answer: bytes) -> list[list[str]]:
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    found: list[list[str]] = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])["headers"]
    return found


async def test_a_target_at_the_limit_passes_and_a_longer_one_is_414() -> None:
    target = b"/echo?" + b"q" * (LIMITS.target_bytes_max - 6)
    async with serve(APP) as url:
        fits = await exchange(url, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n" + LAST)
        status, detail = refusal_in(await exchange(url, b"GET " + target + b"q"))
    assert fits.startswith(b"HTTP/1.1 200 ")
    assert status == 414
    assert detail == "the request's target is longer than 8000 bytes"


async def test_headers_at_the_limit_pass_and_one_more_is_431() -> None:
    async with serve(APP) as url:
        fits = await exchange(url, GET + b"a: b\r\n" * (LIMITS.headers_max - 2) + LAST)
        answer = await exchange(url, GET + b"a: b\r\n" * (LIMITS.headers_max - 1) + LAST)
    assert len(headers_of(fits)) == LIMITS.headers_max
    assert refusal_in(answer) == (431, "the request has more than 100 headers")


async def test_a_header_at_the_limit_passes_and_a_longer_one_is_431() -> None:
    long = b"a: " + b"b" * (LIMITS.header_bytes_max - 1)
    async with serve(APP) as url:
        fits = await exchange(url, GET + long + b"\r\n" + LAST)
        answer = await exchange(url, GET + long + b"b\r\n" + LAST)
    assert len(headers_of(fits)) == 3
    assert refusal_in(answer) == (431, "a header is longer than 8000 bytes")


async def test_headers_that_are_too_long_together_are_431() -> None:
    header = b"a: " + b"b" * 7_000 + b"\r\n"
    async with serve(APP) as url:
        fits = await exchange(url, GET + header * 4 + LAST)
        answer = await exchange(url, GET + header * 5 + LAST)
    assert len(headers_of(fits)) == 6
    said = "the request's headers are longer than 32000 bytes together"
    assert refusal_in(answer) == (431, said)


async def test_a_large_head_is_refused_also_behind_a_small_request() -> None:
    async with serve(APP) as url:
        answer = await exchange(url, GET + b"\r\n" + GET + b"a: " + b"b" * 9_000 + b"\r\n" + LAST)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("beginning", [GET + b"a: ", GET + b"a", b"\r\n" + GET])
async def test_a_head_without_end_is_refused_long_before_it_fills_the_memory(
    beginning: bytes,
) -> None:
    async with serve(APP) as url, connected(url) as connection:
        await connection.send(beginning, *[b"x" * 65_536] * 4)
        status, _ = refusal_in(await connection.remainder())
    assert status == 431


async def test_what_is_no_http_is_400_and_says_why() -> None:
    async with serve(APP) as url:
        status, detail = refusal_in(await exchange(url, b"HELO x\r\n\r\n"))
        no_target, _ = refusal_in(await exchange(url, b"GET http://[ HTTP/1.1\r\n\r\n"))
    assert (status, detail) == (400, "this is no HTTP request: Invalid method encountered")
    assert no_target == 400


async def test_what_trickles_in_is_408() -> None:
    head_late = (408, "the request's head did not come within 0.5 s")
    said = "the request's body did not come within 0.5 s and 1 s more for each 100000 bytes"
    beginnings = {
        GET + b"a: ": head_late,
        POST + b"Content-Length: 1000\r\n\r\n": (408, said),
        CHUNKED + b"1;extensions-of-chunks-are-no-progress": (408, said),
    }
    answers: dict[bytes, bytes] = {}

    async def trickle_after(beginning: bytes, url: str) -> None:
        async with connected(url) as connection:
            await connection.send(beginning)
            answers[beginning] = await connection.trickle()

    async with hasty_server() as url, anyio.create_task_group() as tasks:
        for beginning in beginnings:
            tasks.start_soon(trickle_after, beginning, url)
    assert {each: refusal_in(answer) for each, answer in answers.items()} == beginnings


async def test_the_head_of_a_later_request_has_no_more_time_than_that_of_the_first() -> None:
    class Patient(Hasty):
        limits = Hasty.limits._replace(idle_seconds=60)

    async with serve(APP, http=Patient) as url, connected(url) as connection:
        await connection.send(GET + b"\r\n")
        await connection.receive()
        await anyio.sleep(1.5 * Patient.limits.head_seconds)
        await connection.send(GET + b"a: ")
        answer = await connection.trickle()
    assert refusal_in(answer)[0] == 408


async def test_a_long_body_that_comes_fast_enough_is_given_its_time() -> None:
    async with hasty_server() as url, connected(url) as connection:
        await connection.send(POST + LAST[:-2] + b"Content-Length: 300000\r\n\r\n")
        for _ in range(3):
            await connection.send(b"x" * 100_000)
            await anyio.sleep(0.25)
        answer = await connection.remainder()
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_goes_on_after_the_answer_ends_the_connection() -> None:
    async with hasty_server() as url, connected(url) as connection:
        await connection.send(CHUNKED.replace(b"/echo", b"/unread"))
        answer = await connection.trickle(b"2000\r\n" + b"x" * 8192 + b"\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_connection_on_which_no_request_begins_is_closed_without_a_word() -> None:
    async with hasty_server() as url, connected(url) as silent, connected(url) as babbling:
        assert await babbling.trickle(b"\r\n") == b""
        assert await silent.remainder() == b""


async def test_an_idle_connection_is_kept_for_a_while_after_each_answer() -> None:
    async with hasty_server() as url, connected(url) as connection:
        for _ in range(2):
            await connection.send(GET + b"\r\n")
            assert (await connection.receive()).startswith(b"HTTP/1.1 200 ")
            await anyio.sleep(0.3)
        assert await connection.remainder() == b""


async def test_an_answer_may_take_longer_than_any_request() -> None:
    async with hasty_server() as url:
        answer = await exchange(url, b"GET /slow-stream HTTP/1.1\r\nHost: x\r\n" + LAST)
    assert answer.count(b"piece") == 4


async def test_requests_sent_ahead_are_answered_in_order_up_to_the_limit() -> None:
    ahead = [b"GET /echo?n HTTP/1.1\r\nHost: x\r\nn: %d\r\n\r\n" % number for number in range(9)]
    async with hasty_server() as url:
        fits = await exchange(url, b"".join([*ahead[:3], GET + LAST]))
        answered = await exchange(url, b"".join(ahead))
    numbers = [b'["n","%d"]' % number for number in range(9)]
    assert [each in fits for each in numbers[:4]] == [True, True, True, False]
    assert fits.count(b"HTTP/1.1 200 ") == 4
    assert answered.count(b"HTTP/1.1 200 ") == 4
    assert numbers[3] in answered
    assert b"connection: close" in answered


async def test_trailers_are_no_headers() -> None:
    trailer = b"X-API-Key: secret\r\n"
    async with serve(APP) as url:
        answer = await exchange(
            url,
            CHUNKED.replace(b"\r\n\r\n", b"\r\n" + LAST) + b"1\r\nx\r\n0\r\n" + trailer + b"\r\n",
        )
    assert b"secret" not in answer
    assert b'"body":"x"' in answer


async def test_trailers_without_end_are_refused() -> None:
    async with serve(APP) as url, connected(url) as connection:
        await connection.send(CHUNKED + b"0\r\na: ", *[b"x" * 65_536] * 4)
        answer = await connection.remainder()
    assert refusal_in(answer)[0] == 431


async def test_a_client_that_sends_far_too_much_still_reads_the_refusal() -> None:
    async with serve(APP) as url, connected(url) as connection:
        await connection.send(GET, *[b"a: " + b"x" * 60_000 + b"\r\n"] * 100)
        answer = await connection.remainder()
    assert refusal_in(answer)[0] == 431


async def test_a_body_behind_an_upgrade_is_never_taken_for_a_request() -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: %s\r\nContent-Length: %d\r\n\r\n"
    hidden = GET + LAST
    async with serve(APP) as url:
        for protocol in (b"h2c", b"websocket"):
            head = POST + upgrade % (protocol, len(hidden))
            for parts in ([head + hidden], [head, hidden]):
                status, detail = refusal_in(await exchange(url, *parts))
                assert status == 400
                assert detail == "a request that asks for another protocol can have no body"


async def test_an_upgrade_ahead_of_an_answer_is_refused_after_that_answer() -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    handshake = GET + upgrade + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    async with serve(APP) as url:
        answer = await exchange(url, GET.replace(b"/echo", b"/slow-stream") + b"\r\n" + handshake)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.count(b"piece") == 4


class Impatient(BoundedProtocol):
    """As in production, but for those who do not read."""

    limits = ConnectionLimits(unread_seconds=0.2)


class Roomy(Impatient):
    """With room for whole answers: none has to wait before its connection is closed."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(100_000_000)


@pytest.mark.parametrize("protocol", [Impatient, Roomy])
@pytest.mark.parametrize(("key", "is_cut_off"), [(b"wrong", True), (b"right", False)])
async def test_who_leaves_answers_unread_is_cut_off_unless_he_has_a_key(
    key: bytes, is_cut_off: bool, protocol: type[BoundedProtocol]
) -> None:
    large = Route("/healthz", lambda _: PlainTextResponse(b"x" * 20_000_000))
    app = Application(routes=[large], middleware=middleware(Settings(api_keys=("right",))))
    async with serve(app, http=protocol) as url, connected(url) as connection:
        await connection.send(b"GET /healthz HTTP/1.1\r\nX-API-Key: " + key + b"\r\n" + LAST)
        await anyio.sleep(1)
        assert (len(await connection.remainder()) < 20_000_000) is is_cut_off


class Few(BoundedProtocol):
    """As in production, but for two connections."""

    limits = ConnectionLimits(connections_max=2)


async def test_one_connection_too_many_takes_the_place_of_the_one_that_is_idle_for_longest() -> (
    None
):
    async with serve(APP, http=Few) as url, connected(url) as first, connected(url) as second:
        for connection in (first, second):
            await connection.send(GET + b"\r\n")
            assert (await connection.receive()).startswith(b"HTTP/1.1 200 ")
            await anyio.sleep(0.02)  # the loop's clock counts milliseconds
        assert b"HTTP/1.1 200 " in await exchange(url, GET + LAST)
        assert await first.remainder() == b""
        await second.send(GET + b"\r\n")
        assert (await second.receive()).startswith(b"HTTP/1.1 200 ")


async def test_one_connection_too_many_is_closed_while_all_others_are_at_work() -> None:
    stream = GET.replace(b"/echo", b"/slow-stream") + LAST
    async with serve(APP, http=Few) as url, connected(url) as first, connected(url) as second:
        for connection in (first, second):
            await connection.send(stream)
            assert (await connection.receive()).startswith(b"HTTP/1.1 200 ")
        assert await exchange(url) == b""
        for connection in (first, second):
            assert b"piece" in await connection.remainder()


async def test_who_asks_for_http_2_is_answered_in_http_1() -> None:
    async with serve(APP) as url:
        answer = await exchange(url, GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + GET)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("seed", range(5))
async def test_requests_are_the_same_however_their_bytes_are_cut(seed: int) -> None:
    chance = Random(seed)
    bodies = [b"x" * chance.choice([0, 1, 10, 5_000]) for _ in range(20)]
    sent = b"".join(_posted(body, chunked=chance.random() < 0.5) for body in bodies) + GET + LAST
    cuts = sorted(chance.choices(range(len(sent)), k=200))
    pieces = [sent[start:end] for start, end in pairwise([0, *cuts, len(sent)])]
    async with serve(APP) as url:
        answer = await exchange(url, *filter(None, pieces))
    answered = [part.rpartition(b'"body":')[2] for part in answer.split(b"HTTP/1.1 200 OK")[1:]]
    assert [part.strip(b'"}') for part in answered] == [*bodies, b""]


def _posted(body: bytes, chunked: bool) -> bytes:
    if not chunked or not body:
        return POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    return CHUNKED + b"%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body)
