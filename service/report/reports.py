"""Tear sheets, made on demand from the log and the prices."""

from functools import partial

import anyio

from domain.runs.events import decode
from eventstore.store import EventStore
from service.market_data.catalog import Catalog
from service.projections import stream_of
from service.report.charts import SYMBOLS_MAX
from service.report.content import ContentFold
from service.report.page import Page, page
from service.report.price_lines import price_lines

PAGE_EVENTS = 64


class Reports:
    """Makes a completed run's tear sheet, one at a time, for the memory and the time it takes."""

    def __init__(self, store: EventStore, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog
        self._making = anyio.Semaphore(1)

    async def page(self, run_id: str) -> Page:
        """The tear sheet of a completed run."""
        async with self._making:
            return await anyio.to_thread.run_sync(self._page, run_id)

    def _page(self, run_id: str) -> Page:
        # In a worker thread; the log is read on the loop that owns it.
        fold, cursor = ContentFold(run_id), 0
        read = partial(self._store.read, stream_of(run_id))
        while events := anyio.from_thread.run(read, cursor, PAGE_EVENTS):
            for event in events:
                fold.add(decode(event.type, event.payload), event.attachment)
            cursor = events[-1].event_id
        content = fold.content()
        counts = content.fills["symbol"].value_counts(sort=True)
        traded = counts.sort("count", "symbol", descending=[True, False])["symbol"].to_list()
        drawn = traded[:SYMBOLS_MAX]
        return page(content, price_lines(content.manifest, self._catalog, drawn))
