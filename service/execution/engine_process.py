"""One engine process, seen from the service: start it, give it a run, take its events."""

import asyncio
import math
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import cast

import anyio

from domain.runs.events import EncodedEvent
from service.execution.executor import ExecutorDied, LimitExceeded
from service.execution.frames import (
    Batch,
    Command,
    Done,
    Job,
    Ready,
    Reply,
    ReplyParser,
    Stop,
    SweepJob,
    pack,
)

DRAIN_SECONDS = 1.0
BACKLOG_BYTES_MAX = 8 * 1024 * 1024


class EngineProcess(asyncio.SubprocessProtocol):
    """A warm process that simulates one run at a time.

    Replies wait here until they are asked for; past a backlog the pipe is left unread, so that an
    engine is never further ahead of the log than that.
    """

    def __init__(self) -> None:
        self._parser = ReplyParser()
        self._warm = False
        self._worn = False
        self._in_hand: str | None = None
        self._loaded: str | None = None
        self._replies: list[Reply] = []
        self._backlog_bytes = 0
        self._arrived = asyncio.Event()
        self._exited = asyncio.Event()
        self._transport: asyncio.SubprocessTransport

    @classmethod
    async def start(cls, arguments: Sequence[str]) -> "EngineProcess":
        """Spawn the process; it warms up by itself, and a run given meanwhile waits for that."""
        # One thread per engine: there are as many engines as cores.
        environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
        _, process = await asyncio.get_running_loop().subprocess_exec(
            cls,
            *(sys.executable, "-P", "-m", "service.execution.worker", *arguments),
            stderr=None,
            env=environment,
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
    def ready(self) -> bool:
        """Whether the process can take another run."""
        return self.alive and self._in_hand is None and not self._worn

    @property
    def loaded(self) -> str | None:
        """The sweep whose data the process still has."""
        return self._loaded

    async def run(self, job: Job, seconds_max: float) -> AsyncIterator[list[EncodedEvent]]:
        """Yield the events of a run as they come, everything that has arrived at once.

        Raises ``ExecutorDied``, and ``LimitExceeded`` when they have been waited for too long.
        """
        self._in_hand = job.run_id
        if isinstance(job, SweepJob):
            self._loaded = job.run_id
        self._send(job)
        left = seconds_max
        while self._in_hand:
            asked = anyio.current_time()
            with anyio.move_on_after(left if self._warm else math.inf) as waiting:
                was_warm = self._warm
                events = await self._take()
            if waiting.cancelled_caught:
                raise LimitExceeded(
                    f"the run took more than {seconds_max:g} seconds, which is what a run may take",
                    "time",
                )
            if was_warm:
                left -= anyio.current_time() - asked
            if events:
                yield events

    async def stop(self) -> None:
        """Stop the run in hand, if any, and wait until the engine has let go of it, or is gone.

        The engine looks up after its current stretch.
        """
        with suppress(ExecutorDied):
            if self._in_hand:
                self._send(Stop(self._in_hand))
            while self._in_hand:
                await self._take()

    async def kill(self) -> None:
        """End the process at once and wait until it is gone."""
        with suppress(ProcessLookupError):  # it has ended by itself
            self._transport.kill()
        # Its end is not seen while there is output left unread.
        self._output().close()
        await self._exited.wait()
        self._transport.close()

    def _send(self, command: Command) -> None:
        pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        if not pipe.is_closing():  # if it is, the death of the process is about to be seen
            pipe.write(pack(command))

    async def _take(self) -> list[EncodedEvent]:
        while not self._replies:
            if not self.alive:
                how = _how_it_ended(self._transport)
                raise ExecutorDied(f"the engine process {how}", began=self._warm)
            self._arrived.clear()
            await self._arrived.wait()
        replies, self._replies, self._backlog_bytes = self._replies, [], 0
        self._output().resume_reading()
        events: list[EncodedEvent] = []
        for reply in replies:
            match reply:
                case Batch():
                    events.extend(reply.events)
                case Done(worn=worn):
                    self._in_hand, self._worn = None, worn
                case Ready():
                    self._warm = True
        return events

    def _output(self) -> asyncio.ReadTransport:
        return cast("asyncio.ReadTransport", self._transport.get_pipe_transport(1))

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the process."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take in what the engine wrote."""
        self._replies.extend(self._parser.feed(data))
        self._backlog_bytes += len(data)
        if self._backlog_bytes >= BACKLOG_BYTES_MAX and self._replies:
            self._output().pause_reading()
        if self._replies:
            self._arrived.set()

    def process_exited(self) -> None:
        """Wait no longer than this for its pipes: a process that it left behind may hold them."""
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self.connection_lost, None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the process is gone and all it wrote has been read."""
        self._exited.set()
        self._arrived.set()


def _how_it_ended(transport: asyncio.SubprocessTransport) -> str:
    code = transport.get_returncode()
    return f"was killed by signal {-code}" if code and code < 0 else f"exited with status {code}"
