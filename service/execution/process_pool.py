"""The local executor: as many engine processes as asked for, spawned once, replaced when gone."""

import logging
import math
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from types import TracebackType

import anyio

from domain.runs.events import EncodedEvent
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from service.execution.child_process import ChildProcess
from service.execution.engine_process import EngineProcess
from service.execution.executor import ExecutorDied, Workforce
from service.execution.frames import Check, Execute, Job, SweepJob

logger = logging.getLogger(__name__)

STOP_SECONDS_MAX = 1.0
SWEEP_STOP_SECONDS_MAX = 0.5
TEND_SECONDS = 1.0
TEND_SECONDS_MAX = 60.0  # so seldom where engines do not live


class ProcessPool:
    """An ``Executor`` over engine processes on this machine. An async context manager.

    ``arguments`` go to each engine: the market folder, what to do about missing data, and how many
    MiB of memory a run may take. ``run_seconds_max``: how long a run may keep its engine busy.
    ``started``: engines with these arguments that run already; they are its own from now on.
    """

    def __init__(
        self,
        size: int,
        arguments: Sequence[str],
        run_seconds_max: float = math.inf,
        started: Sequence[ChildProcess] = (),
    ) -> None:
        self._size = size
        self._arguments = arguments
        self._run_seconds_max = run_seconds_max
        self._started = started
        self._idle: deque[EngineProcess] = deque()
        self._all: set[EngineProcess] = set()
        self._places = anyio.Semaphore(size)
        self._starting = 0
        self._replaced = 0
        self._trouble: str | None = None

    @property
    def capacity(self) -> int:
        """The number of engine processes."""
        return self._size

    @property
    def pids(self) -> list[int]:
        """The engines that are alive."""
        return sorted(process.pid for process in self._all if process.alive)

    @property
    def workforce(self) -> Workforce:
        """The engines; see ``Executor``."""
        busy = self._size - self._places.value
        return Workforce(len(self.pids), busy, self._replaced, self._trouble)

    async def tend(self) -> None:
        """Replace engines that are gone, so that no run need wait for it; see ``Executor``."""
        pause = TEND_SECONDS
        while True:
            await anyio.sleep(pause)
            async with self._places:
                complete = await self._complete()
            pause = TEND_SECONDS if complete else min(2 * pause, TEND_SECONDS_MAX)

    async def _complete(self) -> bool:
        """Whether all engines are there; if not, one more is afterwards."""
        for process in [each for each in self._idle if not each.ready]:
            self._idle.remove(process)
            await self._retire(process)
        if len(self._all) + self._starting >= self._size:
            return True
        try:
            self._idle.append(await self._spawn())
        except OSError:
            logger.exception("no engine process can be started")
        return False

    async def __aenter__(self) -> "ProcessPool":
        self._idle.extend(self._keep(process) for process in self._started)
        for _ in range(self._size - len(self._started)):
            self._idle.append(await self._spawn())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            for process in self._all:
                await process.kill()

    def execute(
        self, run_id: str, request: BacktestRequest, code: Code | None = None
    ) -> AsyncGenerator[list[EncodedEvent], None]:
        """Simulate a run on an idle engine; see ``Executor``."""
        return self._run(Execute(run_id, request, code))

    def evaluate(self, job: SweepJob) -> AsyncGenerator[list[EncodedEvent], None]:
        """Do a sweep's job on an idle engine, if it can be one that has the sweep's data."""
        return self._run(job, SWEEP_STOP_SECONDS_MAX)

    async def check(self, check: Check) -> EncodedEvent:
        """Look for look-ahead on an idle engine: its report, or how it failed.

        Raises ``ExecutorDied`` or ``LimitExceeded``.
        """
        async with aclosing(self._run(check)) as batches:
            async for events in batches:
                return events[0]
        raise ExecutorDied("the engine gave no answer")

    async def _run(
        self, job: Job, stop_seconds_max: float = STOP_SECONDS_MAX
    ) -> AsyncGenerator[list[EncodedEvent], None]:
        async with self._places:
            process = await self._borrow(job.run_id)
            try:
                async for events in process.run(job, self._run_seconds_max):
                    yield events
            finally:
                with anyio.CancelScope(shield=True):
                    await self._give_back(process, stop_seconds_max)

    async def _borrow(self, run_id: str) -> EngineProcess:
        for process in self._idle:
            if process.loaded == run_id and process.ready:
                self._idle.remove(process)
                return process
        while self._idle:
            process = self._idle.popleft()
            if process.ready:
                return process
            await self._retire(process)
        return await self._spawn()

    async def _give_back(self, process: EngineProcess, stop_seconds_max: float) -> None:
        with anyio.move_on_after(stop_seconds_max):
            await process.stop()
        if process.ready:
            self._idle.append(process)
        else:
            await self._retire(process)

    async def _spawn(self) -> EngineProcess:
        self._starting += 1
        try:
            with anyio.CancelScope(shield=True):
                process = await ChildProcess.engine(self._arguments)
        except OSError as error:
            self._trouble = str(error)
            raise
        finally:
            self._starting -= 1
        self._trouble = None
        return self._keep(process)

    def _keep(self, process: ChildProcess) -> EngineProcess:
        engine = EngineProcess(process)
        self._all.add(engine)
        return engine

    async def _retire(self, process: EngineProcess) -> None:
        logger.warning("replacing an engine process", extra={"pid": process.pid})
        self._replaced += 1
        await process.kill()
        self._all.discard(process)
