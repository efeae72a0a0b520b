"""A process that loads users' strategies, seen from the service."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import anyio
import msgspec
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from service.execution.environment import without_keys
from service.execution.frames import LENGTH_BYTES, pack
from service.strategies.messages import Answer, Loaded, Question

_decode: Callable[[bytes], Answer] = msgspec.msgpack.Decoder(Answer).decode


class ProcessEnded(Exception):
    """The process is gone, and has given no answer."""


class LoadingProcess:
    """Answers one question at a time; not fit for another where it was not let answer."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, arguments: Sequence[str]) -> "LoadingProcess":
        """Start it with what ``service.strategies.loading`` asks for, and wait until it is ready.

        Raises ``ProcessEnded``.
        """
        command = [sys.executable, "-P", "-m", "service.strategies.loading", *arguments]
        # A session of its own: Ctrl-C in a terminal is for the service to act on.
        started = cls(
            await anyio.open_process(
                command, stderr=None, env=without_keys(), start_new_session=True
            )
        )
        try:
            assert isinstance(await started._read(), Loaded)
        except BaseException:
            await started.close()
            raise
        return started

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self._process.returncode is None

    async def ask(self, question: Question) -> Answer:
        """Give the answer, while which a user's code may run. Raises ``ProcessEnded``."""
        assert self._process.stdin is not None
        try:
            await self._process.stdin.send(pack(question))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise ProcessEnded from error
        return await self._read()

    async def close(self) -> None:
        """End the process, whatever it is doing, and all that it has started."""
        with anyio.CancelScope(shield=True):
            if self.alive:
                with suppress(ProcessLookupError):  # it has ended by itself
                    os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.aclose()

    async def _read(self) -> Answer:
        assert self._process.stdout is not None
        # One answer at a time: nothing is left in the buffer.
        stream = BufferedByteReceiveStream(self._process.stdout)
        try:
            length = await stream.receive_exactly(LENGTH_BYTES)
            return _decode(await stream.receive_exactly(int.from_bytes(length, "big")))
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.ClosedResourceError) as error:
            raise ProcessEnded from error
