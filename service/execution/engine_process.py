"""One engine process, seen from the service: give it a run, take its events."""

import math
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio

from domain.runs.events import EncodedEvent
from service.execution.child_process import ChildProcess
from service.execution.executor import ExecutorDied, LimitExceeded
from service.execution.frames import Batch, Done, Job, Ready, Reply, ReplyParser, Stop, pack


class EngineProcess:
    """A warm process that simulates one run at a time; a run given before that waits for it."""

    def __init__(self, process: ChildProcess) -> None:
        self._process = process
        self._parser = ReplyParser()
        self._warm = False
        self._worn = False
        self._in_hand: str | None = None

    @property
    def pid(self) -> int:
        """The operating system's number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self._process.alive

    @property
    def ready(self) -> bool:
        """Whether the process can take another run."""
        return self.alive and self._in_hand is None and not self._worn

    async def run(self, job: Job, seconds_max: float) -> AsyncIterator[list[EncodedEvent]]:
        """Yield the events of a run as they come, everything that has arrived at once.

        Raises ``ExecutorDied``, and ``LimitExceeded`` when they have been waited for too long.
        """
        self._in_hand = job.run_id
        self._process.write(pack(job))
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
                self._process.write(pack(Stop(self._in_hand)))
            while self._in_hand:
                await self._take()

    async def kill(self) -> None:
        """End the process at once and wait until it is gone."""
        await self._process.kill()

    async def _take(self) -> list[EncodedEvent]:
        events: list[EncodedEvent] = []
        for reply in await self._replies():
            match reply:
                case Batch():
                    events.extend(reply.events)
                case Done(worn=worn):
                    self._in_hand, self._worn = None, worn
                case Ready():
                    self._warm = True
        return events

    async def _replies(self) -> list[Reply]:
        replies: list[Reply] = []
        while not replies:
            data = await self._process.read()
            if not data:
                raise ExecutorDied(f"the engine process {self._process.end}", began=self._warm)
            replies = self._parser.feed(data)
        return replies
