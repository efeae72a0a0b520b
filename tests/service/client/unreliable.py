"""A way to a service on which answers are lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio

UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}"


class Unreliable:
    """Passes requests on to ``url``; of the first ``losses`` connections the answer is lost.

    The first of them are told ``refusal`` instead, if there is one, and their request is not passed
    on. ``connections``: how many there were.
    """

    def __init__(self, url: str, losses: int, refusal: bytes) -> None:
        self.connections = 0
        self._host, _, self._port = url.removeprefix("http://").partition(":")
        self._losses = losses
        self._refusal = refusal

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        lost = self.connections <= self._losses
        with suppress(OSError):
            if lost and self._refusal:
                await reader.read(1 << 16)
                writer.write(self._refusal)
            else:
                await self._pass_on(reader, writer, lost=lost)
        writer.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, lost: bool
    ) -> None:
        answers, requests = await asyncio.open_connection(self._host, int(self._port))

        async def forth() -> None:
            while part := await reader.read(1 << 16):
                requests.write(part)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(forth)
            while part := await answers.read(1 << 16):
                if lost:
                    break
                writer.write(part)
            tasks.cancel_scope.cancel()
        requests.close()


@asynccontextmanager
async def unreliable(
    url: str, losses: int, refusal: bytes = b""
) -> AsyncIterator[tuple[str, Unreliable]]:
    """Open such a way; gives its own URL, and itself."""
    way = Unreliable(url, losses, refusal)
    server = await asyncio.start_server(way.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", way
        server.close()
