"""The parts of results, made on demand; what has been made of small ones is kept."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import NamedTuple

import anyio
import msgspec
import polars as pl

from domain.runs.curves import EMPTY
from domain.runs.events import Measured, decode
from eventstore.store import EventStore
from service.kept import Kept
from service.long_document import LongDocument, pieces_of
from service.parts.alignment import aligned
from service.parts.forms import FORMS, FormName, Frames
from service.parts.reading import Index, Source, index_of, rows_between
from service.parts.thinning import thinned
from service.projections import stream_of
from service.stream_events import events_until

KEPT_BYTES_MAX = 32 * 1024 * 1024
IN_MEMORY_BYTES_MAX = 4 * 1024 * 1024
INDEXES_KEPT_MAX = 256
READ_AT_ONCE_MAX = 2
METRICS_PAGE_EVENTS = 500
METRICS = pl.DataFrame(schema={"name": pl.String, "value": pl.Float64})

Document = bytes | LongDocument


class Excerpt(NamedTuple):
    """Rows of a source, from number ``start`` (counted from 0) to before ``stop``, in a form.

    ``points_max``: thinned to so many at most.
    """

    source: Source
    form: FormName
    start: int
    stop: int
    points_max: int | None = None


class Parts:
    """Answers with tables out of results, in bounded memory whatever their length.

    A short table is kept, a long one lies in a temporary file until it is sent: its reader's pace
    holds up nobody, and what goes wrong does so before the answer begins.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._kept: Kept[Excerpt] = Kept(KEPT_BYTES_MAX)
        self._indexes: OrderedDict[Source, Index] = OrderedDict()
        self._reading = anyio.Semaphore(READ_AT_ONCE_MAX)

    async def rows(self, source: Source) -> int:
        """How many rows a source has."""
        return (await self._index(source)).rows

    async def document(self, excerpt: Excerpt) -> Document:
        """Give an excerpt, written."""
        if (kept := self._kept.find(excerpt)) is not None:
            return kept
        index = await self._index(excerpt.source)
        async with self._reading:
            document = await anyio.to_thread.run_sync(self._written, excerpt, index)
        if isinstance(document, bytes):
            self._kept.keep(excerpt, document)
        return document

    async def metrics(self, run_id: str, until: int, form: FormName) -> Document:
        """Give the metrics that a run had after event ``until``: of ``json`` one object by name."""
        async with self._reading:
            return await anyio.to_thread.run_sync(self._metrics, run_id, until, form)

    async def aligned(self, sources: Sequence[Source], points_max: int) -> pl.DataFrame:
        """Give curves over the same moments: see ``alignment.aligned``."""
        curves = [
            partial(rows_between, self._store, source, index, 0, index.rows)
            for source, index in [(source, await self._index(source)) for source in sources]
        ]
        async with self._reading:
            return await anyio.to_thread.run_sync(aligned, curves, points_max)

    async def _index(self, source: Source) -> Index:
        index = self._indexes.get(source)
        if index is None:
            async with self._reading:
                index = await anyio.to_thread.run_sync(index_of, self._store, source)
            self._indexes[source] = index
            if len(self._indexes) > INDEXES_KEPT_MAX:
                self._indexes.popitem(last=False)
        self._indexes.move_to_end(source)
        return index

    def _written(self, excerpt: Excerpt, index: Index) -> Document:
        source, form, start, stop, points_max = excerpt
        read = partial(rows_between, self._store, source, index, start, stop)
        empty = EMPTY[source.curve]
        if points_max is None:
            return _document(read(), empty, form)
        curve = thinned(read, empty, points_max)
        return _document([curve] if len(curve) else [], empty, form)

    def _metrics(self, run_id: str, until: int, form: FormName) -> Document:
        events = events_until(
            self._store,
            stream_of(run_id),
            until,
            page_events=METRICS_PAGE_EVENTS,
            types=frozenset({"metric"}),
        )
        measured = (decode(event.type, event.payload) for event in events)
        metrics = {each.name: each.value for each in measured if isinstance(each, Measured)}
        if form == "json":
            return msgspec.json.encode(metrics)
        table = pl.DataFrame([*metrics.items()], METRICS.schema, orient="row", strict=False)
        return _document([table] if len(table) else [], METRICS, form)


def _document(frames: Frames, empty: pl.DataFrame, form: FormName) -> Document:
    with ExitStack() as files:
        spool = files.enter_context(SpooledTemporaryFile(max_size=IN_MEMORY_BYTES_MAX))
        FORMS[form].write(frames, empty, spool)
        length = spool.tell()
        if length <= IN_MEMORY_BYTES_MAX:
            return b"".join(pieces_of(spool))
        return LongDocument(pieces_of(spool), files.pop_all(), length)
