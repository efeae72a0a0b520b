"""An executor without processes: it simulates here, and a test says when."""

from collections.abc import AsyncGenerator, Callable, Coroutine

import anyio

from domain.runs.events import EncodedEvent
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from tests.service.execution.running import undisturbed


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
