"""Executors that a sweep must bear: unsteady ones, and ones that die."""

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from random import Random

import anyio

from domain.optimizations.standing import read_end
from domain.runs.events import EncodedEvent
from service.execution.executor import ExecutorDied, LimitExceeded
from service.execution.frames import Evaluate, SweepJob
from tests.service.execution.in_process import InProcess


class Unsteady(InProcess):
    """Answers after a while that only the seed knows, and seldom the whole of what was asked.

    From trial number ``holds_at`` on it does not answer at all.
    """

    def __init__(self, capacity: int, seed: int, holds_at: float = math.inf) -> None:
        super().__init__(capacity)
        self._random = Random(seed)
        self._holds_at = holds_at
        self.jobs_under_way = 0

    async def evaluate(self, job: SweepJob) -> AsyncGenerator[list[EncodedEvent], None]:
        """Do some of a sweep's job here."""
        self.jobs_under_way += 1
        try:
            async with aclosing(super().evaluate(job)) as batches:
                async for events in batches:
                    for event in events:
                        if event.type == "trial" and self._holds(event):
                            await anyio.sleep_forever()
                        for _ in range(self._random.randrange(8)):
                            await anyio.lowlevel.checkpoint()
                        yield [event]
                        if isinstance(job, Evaluate) and self._random.random() < 0.3:
                            return
        finally:
            self.jobs_under_way -= 1

    def _holds(self, event: EncodedEvent) -> bool:
        return read_end(event.payload).number >= self._holds_at


class Dying(InProcess):
    """Dies of some trials, so many times of each: before it gives the event of that trial."""

    def __init__(self, deaths: dict[int, int], *, began: bool = True) -> None:
        super().__init__(capacity=2)
        self._deaths = deaths
        self._began = began

    async def evaluate(self, job: SweepJob) -> AsyncGenerator[list[EncodedEvent], None]:
        """Do a sweep's job, as far as it goes."""
        numbers = iter([trial.number for trial in job.trials] if isinstance(job, Evaluate) else [])
        async with aclosing(super().evaluate(job)) as batches:
            async for events in batches:
                for event in events:
                    number = next(numbers, -1)
                    if self._deaths.get(number, 0):
                        self._deaths[number] -= 1
                        raise self._death()
                    yield [event]

    def _death(self) -> Exception:
        return ExecutorDied("it died", began=self._began)


class OutOfTime(Dying):
    """As ``Dying``, but that the trial takes too long."""

    def _death(self) -> Exception:
        return LimitExceeded("it took too long", "time")
