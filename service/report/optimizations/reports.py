"""Reports of sweeps, made on demand from the log."""

from functools import partial

import anyio

from domain.optimizations.events import decode
from eventstore.store import EventStore
from service.optimizations.projection import stream_of
from service.report.optimizations.content import ContentFold
from service.report.optimizations.page import page
from service.report.page import Page

PAGE_EVENTS = 256


class OptimizationReports:
    """Makes a sweep's report, one at a time, for the memory and the time it takes."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._making = anyio.Semaphore(1)

    async def page(self, optimization_id: str) -> Page:
        """The report of a sweep that has ended and been running before."""
        async with self._making:
            return await anyio.to_thread.run_sync(self._page, optimization_id)

    def _page(self, optimization_id: str) -> Page:
        # In a worker thread; the log is read on the loop that owns it.
        fold, cursor = ContentFold(optimization_id), 0
        read = partial(self._store.read, stream_of(optimization_id))
        while events := anyio.from_thread.run(read, cursor, PAGE_EVENTS):
            for event in events:
                fold.add(decode(event.type, event.payload), event.attachment)
            cursor = events[-1].event_id
        return page(fold.content())
