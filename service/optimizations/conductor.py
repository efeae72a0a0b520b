"""Who conducts optimizations: every active one is worked on, whatever breaks."""

import logging
from collections.abc import AsyncIterator

from domain.errors import DomainError
from domain.optimizations import lifecycle
from domain.optimizations.events import Pending, code_of, decode, encode
from domain.optimizations.lifecycle import IllegalMove
from domain.runs.events import EncodedEvent
from eventstore.errors import EventStoreError, InvalidArgument
from eventstore.store import EventStore
from service.execution.executor import ExecutorUnavailable
from service.execution.executors import Executors
from service.execution.lanes import Lanes, Work
from service.optimizations.optimizations import get_optimization
from service.optimizations.performance import Performance, PerformanceFailed, Score
from service.optimizations.projection import OPTIMIZATION_STREAM, stream_of
from service.optimizations.queries import oldest_active
from service.optimizations.samplers import NoPoints, SamplerDied, sampler_of
from service.runs import stored_form

logger = logging.getLogger(__name__)

SWEEPS_AT_ONCE_MAX = 4  # the others wait: each has a sampler, and trials that are waited for
ATTEMPTS_MAX = 3
PAGE_EVENTS = 500
TOLD = (PerformanceFailed, ExecutorUnavailable, NoPoints, SamplerDied, DomainError, InvalidArgument)


class Conductor:
    """Conducts the active optimizations, oldest first, a few at a time.

    One that was under way at a restart is taken up from the log: its sampler is asked everything
    again and must answer the same, and only trials that had not ended are evaluated once more.
    """

    def __init__(self, store: EventStore, executors: Executors) -> None:
        self._store = store
        self._executors = executors
        self._performances: dict[str, Performance] = {}

    async def run(self) -> None:
        """Conduct until cancelled."""
        work = Work(OPTIMIZATION_STREAM, oldest_active, self._conduct)
        await Lanes(self._store, work, SWEEPS_AT_ONCE_MAX).run()

    def paces(self) -> dict[str, float]:
        """The seconds a trial has taken so far, of those in hand of which a trial has ended."""
        paces = {its_id: each.seconds_a_trial() for its_id, each in self._performances.items()}
        return {its_id: pace for its_id, pace in paces.items() if pace is not None}

    async def _conduct(self, optimization_id: str) -> None:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                await self._perform(optimization_id)
            except ExceptionGroup as group:
                error = _first(group)
            except Exception as alone:
                error = alone
            else:
                return
            finally:
                self._performances.pop(optimization_id, None)
            if not isinstance(error, SamplerDied) or attempt == ATTEMPTS_MAX:
                await self._fail(optimization_id, error)
                return

    async def _perform(self, optimization_id: str) -> None:
        stream = stream_of(optimization_id)
        (first,) = await self._store.read(stream, limit=1)
        pending = decode(first.type, first.payload)
        assert isinstance(pending, Pending)
        request = pending.request
        score = Score(optimization_id, pending, code_of(pending, first.attachment))
        async with (
            self._executors.of(request.executor) as executor,
            sampler_of(request) as choose,
        ):
            performance = Performance(self._store, score, executor, choose)
            async for events in self._stored(stream):
                performance.recall(events)
            self._performances[optimization_id] = performance
            await performance.play()

    async def _stored(self, stream: str) -> AsyncIterator[list[EncodedEvent]]:
        cursor = 1
        while page := await self._store.read(stream, cursor, PAGE_EVENTS):
            yield [EncodedEvent(event.type, event.payload, event.attachment) for event in page]
            cursor = page[-1].event_id

    async def _fail(self, optimization_id: str, error: Exception) -> None:
        passing = isinstance(error, EventStoreError) and not isinstance(error, InvalidArgument)
        if passing or isinstance(error, IllegalMove | OSError):
            raise error  # for the lanes: it is not the sweep's fault
        reason = str(error)
        if not isinstance(error, TOLD):
            logger.error("an optimization broke", exc_info=error)
            reason = f"internal error in the service ({type(error).__name__})"
        stream = stream_of(optimization_id)
        version = await self._store.head(stream)
        failed = lifecycle.fail(await get_optimization(self._store, optimization_id), reason)
        await self._store.append(stream, stored_form([encode(failed)]), version)


def _first(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
