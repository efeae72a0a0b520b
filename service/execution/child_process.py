"""A process of this program's own, seen from the service: its pipes and its end.

Nothing is imported here but what starts a process: the engine of a command is started first of all,
and loads while the command itself does.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

from service.execution.environment import without_keys

DRAIN_SECONDS = 1.0
BACKLOG_BYTES_MAX = 8 * 1024 * 1024


class ChildProcess(asyncio.SubprocessProtocol):
    """A running module of this program.

    What it writes waits here until it is asked for; past a backlog the pipe is left unread, so that
    the process is never further ahead than that.
    """

    def __init__(self) -> None:
        self._received = bytearray()
        self._arrived = asyncio.Event()
        self._exited = asyncio.Event()
        self._transport: asyncio.SubprocessTransport

    @classmethod
    async def engine(cls, arguments: Sequence[str]) -> "ChildProcess":
        """Spawn an engine, which warms up by itself; arguments: ``service.execution.worker``."""
        # One thread per engine: there are as many engines as cores.
        threads = {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        _, process = await asyncio.get_running_loop().subprocess_exec(
            cls,
            *(sys.executable, "-P", "-m", "service.execution.worker", *arguments),
            stderr=None,
            env={**without_keys(), **threads},
        )
        return process

    @property
    def pid(self) -> int:
        """The operating system's number of the process."""
        return self._transport.get_pid()

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return not self._exited.is_set()

    @property
    def end(self) -> str:
        """How it ended, in words."""
        code = self._transport.get_returncode()
        if code and code < 0:
            return f"was killed by signal {-code}"
        return f"exited with status {code}"

    def write(self, data: bytes) -> None:
        """Send it something; what is sent to a process that is gone is lost."""
        pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        if not pipe.is_closing():  # if it is, the death of the process is about to be seen
            pipe.write(data)

    async def read(self) -> bytes:
        """Wait for what it writes next and give all of that; nothing once it is gone."""
        while not self._received and self.alive:
            self._arrived.clear()
            await self._arrived.wait()
        data = bytes(self._received)
        self._received.clear()
        self._output().resume_reading()
        return data

    async def kill(self) -> None:
        """End the process at once and wait until it is gone."""
        with suppress(ProcessLookupError):  # it has ended by itself
            self._transport.kill()
        # Its end is not seen while there is output left unread.
        self._output().close()
        await self._exited.wait()
        self._transport.close()

    def _output(self) -> asyncio.ReadTransport:
        return cast("asyncio.ReadTransport", self._transport.get_pipe_transport(1))

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the process."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take in what the process wrote."""
        self._received += data
        if len(self._received) >= BACKLOG_BYTES_MAX:
            self._output().pause_reading()
        self._arrived.set()

    def process_exited(self) -> None:
        """Wait no longer than this for its pipes: a process that it left behind may hold them."""
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self.connection_lost, None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the process is gone and all it wrote has been read."""
        self._exited.set()
        self._arrived.set()
