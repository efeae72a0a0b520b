"""A WebSocket on which too much is sent, too often or without end, is closed with a reason."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from service.http.bounded import BoundedProtocol
from service.http.limits import ConnectionLimits
from service.http.sockets import BoundedSocket
from tests.service.http.bare_connection import BareConnection, connected, refusal_in
from tests.serving import exchange, serve

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MASK = bytes(4)
EMPTY_TEXT, EMPTY_PING, EMPTY_PONG = (bytes([first, 0x80]) + MASK for first in (0x81, 0x89, 0x8A))
BEGUN, CONTINUED = (bytes([first, 0x80]) + MASK for first in (0x01, 0x00))
ANSWER = b"\x81\x00"
LONG_TEXT = bytes([0x81, 0xFE, 0xFF, 0xFF]) + MASK


class Hasty(BoundedSocket):
    limits = ConnectionLimits(frames_per_second=20, message_seconds=0.4)


class Handler:
    """Answers each message with an empty one; it knows how the end came."""

    def __init__(self) -> None:
        self.ended = anyio.Event()
        self.code: int | None = None

    async def __call__(self, websocket: WebSocket) -> None:
        await websocket.accept()
        while (message := await websocket.receive())["type"] != "websocket.disconnect":
            await websocket.send_text("")
        self.code = message["code"]
        self.ended.set()


@asynccontextmanager
async def socket_to(handler: Handler) -> AsyncIterator[BareConnection]:
    app = Starlette(routes=[WebSocketRoute("/", handler.__call__)])
    async with serve(app, ws=Hasty, ws_max_size=64 * 1024) as url, connected(url) as connection:
        await connection.send(HANDSHAKE)
        await connection.receive_until(b"\r\n\r\n")
        yield connection


def close_in(received: bytes) -> tuple[int, str]:
    """The code and reason of the close frame that ``received`` ends with."""
    start = received.rindex(b"\x88")
    frame = received[start:]
    assert len(frame) == 2 + frame[1]
    return struct.unpack("!H", frame[2:4])[0], frame[4:].decode()


@pytest.mark.parametrize(
    ("first", "others"),
    [
        (EMPTY_TEXT, EMPTY_TEXT),
        (EMPTY_PING, EMPTY_PING),
        (EMPTY_PONG, EMPTY_PONG),
        (BEGUN, CONTINUED),
    ],
)
async def test_too_many_frames_in_a_second_end_the_connection(first: bytes, others: bytes) -> None:
    handler = Handler()
    async with socket_to(handler) as connection:
        await connection.send(first + others * 50)
        received = await connection.remainder()
        assert close_in(received) == (1008, "more than 20 frames came within a second")
        await handler.ended.wait()
    assert handler.code == 1008


async def test_frames_within_the_limit_are_taken() -> None:
    async with socket_to(Handler()) as connection:
        await connection.send(EMPTY_TEXT * 10)
        await connection.receive_until(ANSWER * 10)
        await connection.send(EMPTY_PING)
        assert await connection.receive() == b"\x8a\x00"


async def test_a_frame_that_never_ends_ends_the_connection() -> None:
    handler = Handler()
    async with socket_to(handler) as connection:
        await connection.send(LONG_TEXT)
        received = await connection.trickle()
        assert close_in(received) == (1008, "a message did not end within 0.4 s")
        await handler.ended.wait()
    assert handler.code == 1008


async def test_a_message_of_ever_more_frames_ends_the_connection() -> None:
    async with socket_to(Handler()) as connection:
        await connection.send(BEGUN)
        received = await connection.trickle(CONTINUED, 0.06)
    assert close_in(received) == (1008, "a message did not end within 0.4 s")


async def test_messages_that_end_in_time_are_taken_however_their_frames_are_cut() -> None:
    handler = Handler()
    async with socket_to(handler) as connection:
        whole = EMPTY_TEXT + BEGUN + bytes([0x80, 0x80]) + MASK
        await connection.send(whole[:1])
        for _ in range(4):
            await anyio.sleep(0.15)
            await connection.send(whole[1:] + whole[:1])
            await connection.receive_until(ANSWER * 2)
        assert not handler.ended.is_set()


async def test_a_client_that_sends_nothing_is_kept() -> None:
    handler = Handler()
    async with socket_to(handler) as connection:
        await anyio.sleep(0.5)
        assert not handler.ended.is_set()
        await connection.send(EMPTY_PING)
        assert await connection.receive() == b"\x8a\x00"


async def test_a_message_that_is_too_large_ends_the_connection_and_the_client_can_read_why() -> (
    None
):
    async with socket_to(Handler()) as connection:
        await connection.send(bytes([0x81, 0xFF]) + struct.pack("!Q", 1 << 20) + MASK)
        await connection.send(*[b"x" * 65_536] * 16)
        code, reason = close_in(await connection.remainder())
    assert code == 1009
    assert "65536" in reason


async def test_who_sends_before_the_handshake_is_answered_is_cut_off() -> None:
    accepting = anyio.Event()

    async def late(websocket: WebSocket) -> None:
        await accepting.wait()
        await websocket.accept()

    app = Starlette(routes=[WebSocketRoute("/", late)])
    async with serve(app, ws=Hasty) as url, connected(url) as connection:
        await connection.send(HANDSHAKE)
        await anyio.sleep(0.05)
        await connection.send(b"\xff" * 10)
        assert await connection.remainder() == b""
        accepting.set()


async def test_what_is_no_handshake_is_refused_as_any_request_is() -> None:
    async with serve(Starlette()) as url:
        answer = await exchange(url, HANDSHAKE.replace(b"Version: 13", b"Version: 12"))
    status, detail = refusal_in(answer)
    assert status == 400
    assert "Sec-WebSocket-Version" in detail


async def test_what_only_the_parser_of_handshakes_cannot_read_is_refused_too() -> None:
    class Loose(BoundedProtocol):
        limits = ConnectionLimits(header_bytes_max=20_000)

    async with serve(Starlette(), http=Loose) as url:
        long = b"X-Long: " + b"x" * 9_000 + b"\r\n\r\n"
        status, detail = refusal_in(await exchange(url, HANDSHAKE[:-2] + long))
    assert status == 400
    assert detail.startswith("this is no WebSocket handshake: ")


async def test_a_handshake_that_trickles_in_is_refused_as_any_request_is() -> None:
    # The head of a handshake is read by the protocol of all requests.
    padding = b"X-Padding: " + b"x" * 40_000
    async with serve(Starlette()) as url, connected(url) as connection:
        await connection.send(HANDSHAKE[:-2] + padding)
        assert (await connection.remainder()).startswith(b"HTTP/1.1 431 ")
