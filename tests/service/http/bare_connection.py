"""A client that is only a socket: it can say anything, at any pace."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import msgspec
from anyio.abc import SocketStream

PATIENCE_SECONDS = 10


class BareConnection:
    """A connection to the server at a base URL."""

    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream

    async def send(self, *parts: bytes) -> None:
        """Send ``parts``; a server that has closed the connection is no error."""
        for part in parts:
            try:
                await self._stream.send(part)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return

    async def receive(self, size_max: int = 65_536) -> bytes:
        """What has come, at most ``size_max`` bytes of it; nothing where the server has closed."""
        with anyio.fail_after(PATIENCE_SECONDS):
            try:
                return await self._stream.receive(size_max)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return b""

    async def receive_until(self, ending: bytes) -> bytes:
        """Everything up to and with ``ending``."""
        received = b""
        while ending not in received:
            piece = await self.receive()
            assert piece, received
            received += piece
        return received

    async def remainder(self) -> bytes:
        """Everything until the server closes."""
        return b"".join([piece async for piece in self._pieces()])

    async def trickle(self, byte: bytes = b"x", seconds: float = 0.02) -> bytes:
        """Send ``byte`` over and over until the server closes; what it said."""
        received = b""
        async with anyio.create_task_group() as tasks:

            async def send_on() -> None:
                while True:
                    await self.send(byte)
                    await anyio.sleep(seconds)

            tasks.start_soon(send_on)
            received = await self.remainder()
            tasks.cancel_scope.cancel()
        return received

    async def _pieces(self) -> AsyncIterator[bytes]:
        while piece := await self.receive():
            yield piece


@asynccontextmanager
async def connected(base_url: str) -> AsyncIterator[BareConnection]:
    """A connection to the server at ``base_url``."""
    host, _, port = base_url.removeprefix("http://").partition(":")
    async with await anyio.connect_tcp(host, int(port)) as stream:
        yield BareConnection(stream)


def refusal_in(answer: bytes) -> tuple[int, str]:
    """The status and the detail of a response that closes its connection; its form is checked."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert headers["connection"] == "close"
    assert headers["content-type"] == "application/json"
    assert int(headers["content-length"]) == len(body)
    assert headers["x-content-type-options"] == "nosniff"
    assert len(headers["x-request-id"]) == 32
    detail: str = msgspec.json.decode(body)["detail"]
    return int(status_line.split()[1]), detail
