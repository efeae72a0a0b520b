"""A Ray cluster's driver process, seen from the service: start it, give it jobs, take events."""

import asyncio
import itertools
import math
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import cast

import anyio
import msgspec

from domain.runs.events import EncodedEvent
from service.execution.executor import ExecutorDied, ExecutorUnavailable, LimitExceeded
from service.execution.frames import FrameParser, Job, pack
from service.execution.ray_frames import (
    Connected,
    Drop,
    Ended,
    More,
    Sent,
    Submit,
    Unreachable,
    decode_answer,
)

DRAIN_SECONDS = 1.0
DROP_SECONDS_MAX = 1.0
RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is told to its makers
    # Despite its name: a loopback address is taken as it is written, not as this machine's other.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}
GONE = "the process that drives Ray ended"


class RayConnection(asyncio.SubprocessProtocol):
    """A process that is connected to a Ray cluster and has many jobs done at once.

    A job's next events are asked for when those before have been taken, so that none is further
    ahead of the log than a few batches.
    """

    def __init__(self) -> None:
        self.processors = 0
        self._parser = FrameParser(decode_answer)
        self._numbers = itertools.count()
        self._talks: dict[int, _Talk] = {}
        self._problem: str | None = None
        self._settled = asyncio.Event()
        self._exited = asyncio.Event()
        self._transport: asyncio.SubprocessTransport

    @classmethod
    async def start(cls, arguments: Sequence[str]) -> "RayConnection":
        """Spawn the process; it connects by itself, see ``connected``."""
        # Ray lets the nodes import from the driver's working directory: it is one without modules.
        _, connection = await asyncio.get_running_loop().subprocess_exec(
            cls,
            *(sys.executable, "-P", "-m", "service.execution.ray_driver", *arguments),
            stderr=None,
            env={**os.environ, **RAY_ENVIRONMENT},
            cwd="/",
        )
        return connection

    @property
    def pid(self) -> int:
        """The operating system's number of the process."""
        return self._transport.get_pid()

    @property
    def alive(self) -> bool:
        """Whether the process is there, and a cluster behind it, as far as is known."""
        return not self._exited.is_set() and self._problem is None

    @property
    def jobs(self) -> int:
        """How many it has under way."""
        return len(self._talks)

    async def connected(self) -> None:
        """Wait until the cluster has answered. Raises ``ExecutorUnavailable``."""
        await self._settled.wait()
        if not self.alive:
            raise ExecutorUnavailable(self._problem or GONE)

    async def do(self, job: Job, seconds_max: float) -> AsyncGenerator[list[EncodedEvent], None]:
        """Yield the events of a job as they come; closing it stops the job.

        ``seconds_max``: how long it may be waited for once it has begun. Raises as an ``Executor``.
        """
        number = next(self._numbers)
        talk = self._talks[number] = _Talk()
        self._send(Submit(number, job))
        left = seconds_max
        try:
            while not talk.over:
                asked, had_begun = anyio.current_time(), talk.began
                with anyio.move_on_after(left if had_begun else math.inf) as waiting:
                    events = await talk.take()
                if waiting.cancelled_caught:
                    raise LimitExceeded(
                        f"the run took more than {seconds_max:g} seconds, "
                        "which is what a run may take",
                        "time",
                    )
                if had_begun:
                    left -= anyio.current_time() - asked
                if events:
                    yield events
                    self._send(More(number))
        finally:
            with anyio.CancelScope(shield=True):
                await self._let_go(number, talk)

    async def kill(self) -> None:
        """End the process at once and wait until it is gone; the cluster drops what it had."""
        with suppress(ProcessLookupError):  # it has ended by itself
            self._transport.kill()
        # Its end is not seen while there is output left unread.
        cast("asyncio.ReadTransport", self._transport.get_pipe_transport(1)).close()
        await self._exited.wait()
        self._transport.close()

    async def _let_go(self, number: int, talk: "_Talk") -> None:
        with anyio.move_on_after(DROP_SECONDS_MAX), suppress(ExecutorDied, ExecutorUnavailable):
            if not talk.over:
                self._send(Drop(number))
            while not talk.over:
                await talk.take()
        del self._talks[number]

    def _send(self, message: msgspec.Struct) -> None:
        pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        if not pipe.is_closing():  # if it is, the death of the process is about to be seen
            pipe.write(pack(message))

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the process."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take in what the driver wrote."""
        for answer in self._parser.feed(data):
            match answer:
                case Connected(processors=processors):
                    self.processors = processors
                    self._settled.set()
                case Unreachable(reason=reason):
                    self._problem = reason
                    self._settled.set()
                case Sent() | Ended():
                    if answer.number in self._talks:  # else nobody waits for it any more
                        self._talks[answer.number].hear(answer)

    def process_exited(self) -> None:
        """Wait no longer than this for its last words."""
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self.connection_lost, None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the process is gone, with every job that it had, and all it wrote was read."""
        if self._exited.is_set():
            return
        self._exited.set()
        self._settled.set()
        for number, talk in self._talks.items():
            talk.hear(Ended(number, died=GONE, blameless=True))


class _Talk:
    """What the driver says of one job."""

    def __init__(self) -> None:
        self.began = False
        self.over = False
        self._answers: deque[Sent | Ended] = deque()
        self._arrived = anyio.Event()

    def hear(self, answer: Sent | Ended) -> None:
        self._answers.append(answer)
        self._arrived.set()

    async def take(self) -> list[EncodedEvent]:
        """Wait for the next events, none at its beginning and its end."""
        while not self._answers:
            self._arrived = anyio.Event()
            await self._arrived.wait()
        match self._answers.popleft():
            case Sent(events=events):
                self.began = True
                return events
            case Ended(died=died, blameless=blameless, refused=refused):
                self.over = True
                if died is not None:
                    raise ExecutorDied(died, began=self.began and not blameless)
                if refused is not None:
                    raise ExecutorUnavailable(f"the Ray cluster refuses: {refused}")
                return []
