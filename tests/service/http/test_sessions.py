"""What goes on with a key ends with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from anyio import fail_after, sleep
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from service.http.keys import ApiKeys
from service.keys.key_file import create_key, revoke_key
from service.settings import Settings
from tests.service.execution.running import until
from tests.service.http.bare_connection import connected
from tests.service.http.sample_app import guarded_app
from tests.service.log_capture import captured_log
from tests.serving import serve, websocket_url

NOW = 1_800_000_000
HANDSHAKE = (
    b"GET /flood?api_key=%b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
SECONDS = 10  # what has not ended by then never will


class Clock:
    seconds = NOW

    def now(self) -> int:
        return self.seconds


@asynccontextmanager
async def echo(url: str, key: str) -> AsyncIterator[ClientConnection]:
    """A socket that is open, and seen to be."""
    address = websocket_url(url, f"/echo?api_key={key}")
    async with connect(address, proxy=None) as socket:
        await say_hello(socket)
        yield socket


async def say_hello(socket: ClientConnection) -> None:
    await socket.send("hello")
    assert await socket.recv() == "hello"


async def end_of(socket: ClientConnection) -> tuple[int, str]:
    with fail_after(SECONDS), pytest.raises(ConnectionClosed) as closed:
        await socket.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_sockets_close_with_their_key_and_others_stay(tmp_path: Path) -> None:
    path, clock = tmp_path / "keys.json", Clock()
    revoked, expiring, good = (
        create_key(path, name, "read", expires_at, NOW)
        for name, expires_at in (("ci", None), ("brief", NOW + 60), ("good", None))
    )
    keys = ApiKeys(("given",), path, clock.now)
    async with (
        serve(guarded_app(Settings(), keys)) as url,
        echo(url, revoked) as of_revoked,
        echo(url, expiring) as of_expiring,
        echo(url, good) as of_good,
        echo(url, "given") as of_given,
    ):
        revoke_key(path, "ci", NOW)
        clock.seconds += 60
        assert await end_of(of_revoked) == (1008, "the API key 'ci' was revoked")
        reason = "the API key 'brief' expired at 2027-01-15T08:01:00+00:00"
        assert await end_of(of_expiring) == (1008, reason)
        for socket in (of_good, of_given):
            await say_hello(socket)


async def test_a_socket_without_a_key_closes_when_the_service_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    async with (
        serve(guarded_app(Settings(), ApiKeys((), path))) as url,
        echo(url, "") as socket,
    ):
        create_key(path, "ci", "read", None, NOW)
        assert await end_of(socket) == (1008, "an API key is required by now")


async def test_a_client_that_does_not_read_is_let_go_too(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key = create_key(path, "ci", "read", None, NOW)
    with captured_log(Settings()) as log:
        async with (
            serve(guarded_app(Settings(), ApiKeys((), path))) as url,
            connected(url) as client,
        ):
            await client.send(HANDSHAKE % key.encode())
            await client.receive_until(b"more")
            await sleep(0.2)  # until its buffers are full
            revoke_key(path, "ci", NOW)
            await until(lambda: bool(log.of("access")))
        [line] = log.of("access")
    assert (line["path"], line["key"], line["status"]) == ("/flood", "ci", 1008)
