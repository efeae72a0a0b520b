"""Results documents of optimizations, folded from the log on demand; the ranking is paged."""

from collections import OrderedDict
from typing import NamedTuple

import anyio
import msgspec

from domain.optimizations.results import RankedTrial, SweepResultsFold, ranked
from domain.runs.events import EncodedEvent
from eventstore.events import Event
from eventstore.store import EventStore
from service.optimizations.projection import stream_of
from service.optimizations.queries import payloads_of, ranked_payloads

DOCUMENTS_KEPT_MAX = 64
PAGE_EVENTS = 500
PAGE_TRIALS_MAX = 1_000
FOLDS_AT_ONCE_MAX = 1

_TRIALS = b',"all_trials":['


class _Document(NamedTuple):
    """A document without its trials, of which there are so many."""

    before: bytes
    after: bytes
    trials: int


class RankingPage(NamedTuple):
    """A document with some of ``trials`` trials, as event ``event_id`` left it."""

    document: bytes
    trials: int
    event_id: int


class OptimizationResults:
    """Answers with results documents; what is not about single trials is folded once and kept."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[str, int], _Document] = OrderedDict()
        self._folding = anyio.Semaphore(FOLDS_AT_ONCE_MAX)

    async def page(
        self, optimization_id: str, at_event: int | None = None, *, after: int, limit: int
    ) -> RankingPage:
        """Give the document with the trials from rank ``after`` + 1 on.

        As it is now, or as event number ``at_event`` left it.
        """
        head = await self._store.head(stream_of(optimization_id))
        if at_event in (None, head):
            return await self._page(optimization_id, head, after, limit)
        return await self._page_at(optimization_id, at_event or head, after, limit)

    async def _page(self, optimization_id: str, head: int, after: int, limit: int) -> RankingPage:
        key = optimization_id, head
        async with self._folding:
            if key not in self._kept:
                fold = await self._fold(*key)
                self._kept[key] = await anyio.to_thread.run_sync(_without_trials, fold)
            self._kept.move_to_end(key)
            if len(self._kept) > DOCUMENTS_KEPT_MAX:
                self._kept.popitem(last=False)
            document = self._kept[key]
        payloads = await ranked_payloads(self._store, optimization_id, after=after, limit=limit)
        if await self._store.head(stream_of(optimization_id)) > head:  # those may be of another
            return await self._page_at(optimization_id, head, after, limit)
        return await anyio.to_thread.run_sync(_with_trials, document, after, payloads, head)

    async def _page_at(
        self, optimization_id: str, at_event: int, after: int, limit: int
    ) -> RankingPage:
        async with self._folding:
            fold = await self._fold(optimization_id, at_event)
            document = await anyio.to_thread.run_sync(_without_trials, fold)
        ids = fold.ranking(after, limit)
        payloads = await payloads_of(self._store, stream_of(optimization_id), ids)
        return await anyio.to_thread.run_sync(_with_trials, document, after, payloads, at_event)

    async def all_trials(self, optimization_id: str) -> list[RankedTrial]:
        """Give the whole ranking."""
        trials: list[RankedTrial] = []
        while payloads := await ranked_payloads(
            self._store, optimization_id, after=len(trials), limit=PAGE_TRIALS_MAX
        ):
            trials += await anyio.to_thread.run_sync(_ranked, len(trials), payloads)
        return trials

    async def _fold(self, optimization_id: str, last: int) -> SweepResultsFold:
        fold = SweepResultsFold(optimization_id)
        cursor = 0
        while cursor < last:
            limit = min(PAGE_EVENTS, last - cursor)
            events = await self._store.read(stream_of(optimization_id), cursor, limit)
            await anyio.to_thread.run_sync(_add, fold, events)
            cursor = events[-1].event_id
        return fold


def _add(fold: SweepResultsFold, events: list[Event]) -> None:
    for event in events:
        encoded = EncodedEvent(event.type, event.payload, event.attachment)
        fold.add(encoded, event.event_id, event.recorded_at)


def _without_trials(fold: SweepResultsFold) -> _Document:
    pieces = list(fold.document(()))
    at = pieces.index(_TRIALS) + 1
    return _Document(b"".join(pieces[:at]), b"".join(pieces[at:]), fold.trials)


def _ranked(after: int, payloads: list[bytes]) -> list[RankedTrial]:
    return [ranked(rank, payload) for rank, payload in enumerate(payloads, after + 1)]


def _with_trials(
    document: _Document, after: int, payloads: list[bytes], event_id: int
) -> RankingPage:
    trials = msgspec.json.encode(_ranked(after, payloads))[1:-1]
    return RankingPage(document.before + trials + document.after, document.trials, event_id)
