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
from service.execution.executor import ExecutorDied
from service.execution.frames import Check, Execute, Job

logger = logging.getLogger(__name__)

STOP_SECONDS_MAX = 1.0


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

    @property
    def capacity(self) -> int:
        """The number of engine processes."""
        return self._size

    @property
    def pids(self) -> list[int]:
        """The engines that are alive."""
        return sorted(process.pid for process in self._all if process.alive)

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

    async def check(self, check: Check) -> EncodedEvent:
        """Look for look-ahead on an idle engine: its report, or how it failed.

        Raises ``ExecutorDied`` or ``LimitExceeded``.
        """
        async with aclosing(self._run(check)) as batches:
            async for events in batches:
                return events[0]
        raise ExecutorDied("the engine gave no answer")

    async def _run(self, job: Job) -> AsyncGenerator[list[EncodedEvent], None]:
        async with self._places:
            process = await self._borrow()
            try:
                async for events in process.run(job, self._run_seconds_max):
                    yield events
            finally:
                with anyio.CancelScope(shield=True):
                    await self._give_back(process)

    async def _borrow(self) -> EngineProcess:
        while self._idle:
            process = self._idle.popleft()
            if process.ready:
                return process
            await self._retire(process)
        return await self._spawn()

    async def _give_back(self, process: EngineProcess) -> None:
        with anyio.move_on_after(STOP_SECONDS_MAX):
            await process.stop()
        if process.ready:
            self._idle.append(process)
        else:
            await self._retire(process)

    async def _spawn(self) -> EngineProcess:
        with anyio.CancelScope(shield=True):
            process = await ChildProcess.engine(self._arguments)
        return self._keep(process)

    def _keep(self, process: ChildProcess) -> EngineProcess:
        engine = EngineProcess(process)
        self._all.add(engine)
        return engine

    async def _retire(self, process: EngineProcess) -> None:
        logger.warning("replacing an engine process", extra={"pid": process.pid})
        await process.kill()
        self._all.discard(process)
