"""An executor without processes: it simulates here, and a test says when."""

from collections.abc import AsyncGenerator, Callable, Coroutine

import anyio

from domain.runs.events import EncodedEvent
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from service.execution import checking
from service.execution.evaluating import Evaluations
from service.execution.executor import Workforce
from service.execution.frames import Check, SweepJob
from service.execution.job import source_of
from service.market_data.catalog import Catalog
from tests.service.execution.running import NO_PRICES, undisturbed


async def _at_once(_: str) -> None:
    return


class InProcess:
    """Executes up to ``capacity`` runs at once; ``before`` is awaited before each begins."""

    def __init__(
        self,
        capacity: int = 1,
        before: Callable[[str], Coroutine[None, None, None]] = _at_once,
    ) -> None:
        self.capacity = capacity
        self.begun: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._before = before
        self._evaluations = Evaluations(source_of(Catalog(NO_PRICES), "fail"))

    @property
    def workforce(self) -> Workforce:
        """There are no processes."""
        return Workforce(self.capacity, self.at_once, 0, None)

    async def tend(self) -> None:
        """Nobody can be missing here."""
        await anyio.sleep_forever()

    async def execute(
        self, run_id: str, request: BacktestRequest, code: Code | None
    ) -> AsyncGenerator[list[EncodedEvent], None]:
        """Yield the run's events, each in a batch of its own."""
        self.begun.append(run_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._before(run_id)
            for event in undisturbed(request, code=code)[1:]:
                await anyio.lowlevel.checkpoint()
                yield [event]
        finally:
            self.at_once -= 1

    async def check(self, check: Check) -> EncodedEvent:
        """Look for look-ahead here."""
        (report,) = next(checking.check(check, source_of(Catalog(NO_PRICES), "fail")))
        return report

    async def evaluate(self, job: SweepJob) -> AsyncGenerator[list[EncodedEvent], None]:
        """Do a sweep's job here."""
        for events in self._evaluations.of(job):
            await anyio.lowlevel.checkpoint()
            yield events
