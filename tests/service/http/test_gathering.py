"""Frames that are sent together arrive as they were written."""

import asyncio
import socket
import struct
import threading

import anyio
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect

from service.http.gathering import GATHERED_BYTES_MAX, GatheringProtocol, GatheringTransport
from tests.serving import exchange, serve, websocket_url

FRAMES = ["x" * size for size in (0, 1, 125, 126, GATHERED_BYTES_MAX, 300_000)] * 20
FLOOD = "x" * GATHERED_BYTES_MAX
FLOOD_FRAMES = 2_000
LARGE = "x" * 32 * 1024 * 1024
PING = bytes([0x89, 0x80 | 125, 0, 0, 0, 0]) + bytes(125)
EMPTY_TEXT = bytes([0x81, 0x80, 0, 0, 0, 0])
CLOSE = bytes([0x88, 0x80, 0, 0, 0, 0])
PINGS = 10_000
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def test_frames_of_any_size_arrive_whole_and_in_order_before_the_close() -> None:
    async def all_frames(websocket: WebSocket) -> None:
        await websocket.accept()
        for frame in FRAMES:
            await websocket.send_text(frame)
        await websocket.close()

    async with (
        serve(Starlette(routes=[WebSocketRoute("/", all_frames)])) as url,
        connect(websocket_url(url, "/"), proxy=None) as connection,
    ):
        received = [frame async for frame in connection]
    assert received == FRAMES
    assert connection.close_code == 1000


async def test_a_frame_is_sent_although_nothing_follows_it() -> None:
    async def one_frame(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("alone")
        await websocket.receive()

    async with (
        serve(Starlette(routes=[WebSocketRoute("/", one_frame)])) as url,
        connect(websocket_url(url, "/"), proxy=None) as connection,
    ):
        assert await connection.recv() == "alone"


async def test_a_sender_waits_for_a_client_that_does_not_read_and_learns_that_it_broke_off() -> (
    None
):
    sent, ended = 0, anyio.Event()

    async def flood(websocket: WebSocket) -> None:
        nonlocal sent
        await websocket.accept()
        try:
            for _ in range(FLOOD_FRAMES):
                await websocket.send_text(FLOOD)
                sent += 1
        except WebSocketDisconnect:
            ended.set()

    async with serve(Starlette(routes=[WebSocketRoute("/", flood)])) as url:
        with _connected(url, HANDSHAKE) as connection:
            before = 0
            while sent == 0 or before < sent:
                before = sent
                await anyio.sleep(0.05)
            # As much as the sockets' buffers hold, and not the whole flood.
            assert sent < FLOOD_FRAMES
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with anyio.fail_after(5):
            await ended.wait()


async def test_pings_of_a_client_that_does_not_read_do_not_pile_up_as_pongs() -> None:
    pinged = threading.Event()

    async def one_large_frame(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(LARGE)
        await websocket.receive_text()
        pinged.set()
        await websocket.receive()

    def ping_without_reading(url: str) -> int:
        with _connected(url, HANDSHAKE) as connection:
            received = len(connection.recv(1024))
            connection.sendall(PING * PINGS + EMPTY_TEXT)
            assert pinged.wait(10)
            while received < len(LARGE):
                received += len(connection.recv(1 << 20))
            connection.sendall(CLOSE)
            return received + sum(map(len, iter(lambda: connection.recv(1 << 20), b"")))

    # Without the limits, within which there are no such many pings.
    app = Starlette(routes=[WebSocketRoute("/", one_large_frame)])
    async with serve(app, ws=GatheringProtocol) as url:
        received = await anyio.to_thread.run_sync(ping_without_reading, url)
    assert len(LARGE) < received < len(LARGE) + PINGS * len(PING) / 10


async def test_an_answer_arrives_although_the_connection_is_closed_with_it() -> None:
    async with serve(Starlette()) as url:
        answer = await exchange(url, HANDSHAKE.replace(b"Version: 13", b"Version: 12"))
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_what_is_written_to_a_broken_connection_is_dropped() -> None:
    loop = asyncio.get_running_loop()
    errors: list[object] = []
    loop.set_exception_handler(lambda _, context: errors.append(context))
    ours, theirs = socket.socketpair()
    with theirs:
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
        gathering = GatheringTransport(transport, loop)
        gathering.abort()
        gathering.write(b"too late")
        await anyio.sleep(0.01)
        assert theirs.recv(100) == b""
    assert errors == []


def _connected(url: str, request: bytes) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(request)
    return connection
