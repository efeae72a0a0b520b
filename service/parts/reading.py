"""Rows of a curve out of a run's stream, from any row on; all of it in worker threads."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from domain.runs.curves import EVENT_TYPES, CurveFold
from domain.runs.events import decode
from eventstore.store import EventStore
from service.projections import stream_of
from service.stream_events import events_until

PAGE_EVENTS = 4  # each of which may bring a fiftieth of a run
FRAME_ROWS_MAX = 10_000


class Source(NamedTuple):
    """A curve of a run as its event number ``until`` left it: what never changes."""

    run_id: str
    curve: str
    until: int


class Mark(NamedTuple):
    """How far a fold had come after an event: so many ``rows``."""

    rows: int
    event_id: int
    fold: CurveFold


class Index(NamedTuple):
    """Where the rows of a source are, so that reading can begin at any of them."""

    marks: Sequence[Mark]

    @property
    def rows(self) -> int:
        """How many the source has."""
        return self.marks[-1].rows

    def before(self, row: int) -> Mark:
        """The last mark that has not passed ``row``."""
        return self.marks[bisect_right(self.marks, row, key=lambda mark: mark.rows) - 1]


def index_of(store: EventStore, source: Source) -> Index:
    """Read a source once, from its start to its end."""
    start = Mark(0, 0, CurveFold(source.curve))
    return Index([start, *(mark for mark, _ in _folded(store, source, start))])


def rows_between(
    store: EventStore, source: Source, index: Index, start: int, stop: int
) -> Iterator[pl.DataFrame]:
    """The rows from ``start`` to before ``stop``, counted from 0, in frames that are not empty."""
    row = index.before(start).rows
    if start >= min(stop, index.rows):
        return
    for mark, frame in _folded(store, source, index.before(start)):
        yield from frame[max(start - row, 0) : stop - row].iter_slices(FRAME_ROWS_MAX)
        row = mark.rows
        if row >= stop:
            return


def _folded(store: EventStore, source: Source, start: Mark) -> Iterator[tuple[Mark, pl.DataFrame]]:
    """Each frame of rows after ``start``, and how far the fold had come with it."""
    fold, rows = start.fold.copied(), start.rows
    for event in events_until(
        store,
        stream_of(source.run_id),
        source.until,
        page_events=PAGE_EVENTS,
        after=start.event_id,
        types=EVENT_TYPES,
    ):
        frame = fold.add(decode(event.type, event.payload), event.attachment)
        if len(frame):
            rows += len(frame)
            yield Mark(rows, event.event_id, fold.copied()), frame
