"""What two runs have recorded up to a moment, and where they differ first."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple, TypeAlias

import numpy as np
import polars as pl
from msgspec import UNSET

from domain.engine import tape
from domain.engine.leaks import Row
from domain.market.bars import Times
from domain.market.moments import since_epoch
from domain.runs.events import EncodedEvent, Logged, Progressed, decode

Batch: TypeAlias = list[EncodedEvent]


class Recording(NamedTuple):
    """The tables of a run's tape, whole, and its log lines with their moments (µs).

    ``ends`` and ``event_ids``: of each progress tick, the last moment that it holds and its number.
    """

    tables: dict[str, pl.DataFrame]
    lines: list[tuple[int, Logged]]
    ends: list[int]
    event_ids: list[int]

    @property
    def moments(self) -> Times:
        """Each moment of the run that has been recorded, once: int64 µs."""
        return np.unique(self.tables["equity"]["timestamp"].cast(pl.Int64).to_numpy())

    def event_at(self, moment: int) -> int:
        """The number of the event that holds what was recorded at a moment (µs)."""
        return self.event_ids[bisect_left(self.ends, moment)]


class Change(NamedTuple):
    """A difference, known at the bar that opened at ``bar`` (µs).

    ``table`` and its row on either side, None where there is no such row; None for a log line.
    """

    bar: int
    table: str | None = None
    was: Row | None = None
    became: Row | None = None


def read(batches: Iterable[Batch], until: int | None = None) -> Recording:
    """Take a run's events in; no further than to the tick that goes beyond the moment ``until``.

    Raises what simulating them raises.
    """
    segments: list[dict[str, pl.DataFrame]] = []
    lines: list[tuple[int, Logged]] = []
    ends: list[int] = []
    event_ids: list[int] = []
    event_id = 1  # the request, which is no event of the simulation
    for batch in batches:
        event_id += len(batch)
        for event in batch:
            said = decode(event.type, event.payload)
            if isinstance(said, Logged):
                lines.append((_moment_of(said), said))
            elif isinstance(said, Progressed):
                assert event.attachment is not None
                segments.append(tape.decode(event.attachment))
                ends.append(since_epoch(datetime.fromisoformat(said.timestamp)))
                event_ids.append(event_id)
        if until is not None and ends and ends[-1] > until:
            break
    tables = {name: pl.concat([each[name] for each in segments]) for name in tape.TABLES}
    return Recording(tables, lines, ends, event_ids)


def first_change(
    was: Recording, became: Recording, moment: int, tables: Collection[str], tolerance: float
) -> Change | None:
    """Find the earliest difference up to ``moment`` (µs) in these tables and in the log lines.

    Numbers differ that are further apart than ``tolerance``, relative to the larger.
    """
    changes = [
        *_changed_rows(was, became, moment, tables, tolerance),
        *_changed_lines(was, became, moment),
    ]
    return min(changes, key=lambda change: change.bar, default=None)


def _changed_rows(
    was: Recording, became: Recording, moment: int, tables: Collection[str], tolerance: float
) -> Iterator[Change]:
    for name in tables:
        left, right = (_known_by(moment, each.tables[name]) for each in (was, became))
        if left.equals(right):
            continue
        row = _first_difference(left, right, tolerance)
        rows = [_row(frame, row) for frame in (left, right)]
        known = [each.pop("known") for each in rows if each is not None]
        if known:
            yield Change(min(known), name, *rows)


def _known_by(moment: int, table: pl.DataFrame) -> pl.DataFrame:
    # A row is known when the last of its moments has come.
    times = [name for name, kind in table.schema.items() if isinstance(kind, pl.Datetime)]
    known = pl.max_horizontal(pl.col(times).cast(pl.Int64))
    rows = table.with_columns(known=known).filter(pl.col("known") <= moment)
    return rows.sort("known", maintain_order=True)


def _first_difference(left: pl.DataFrame, right: pl.DataFrame, tolerance: float) -> int:
    shorter = min(len(left), len(right))
    pairs = ((left[name][:shorter], right[name][:shorter]) for name in left.columns)
    differs = pl.DataFrame([_differs(*pair, tolerance) for pair in pairs])
    rows = differs.select(pl.any_horizontal(pl.all())).to_series().arg_true()
    return int(rows[0]) if len(rows) else shorter


def _differs(left: pl.Series, right: pl.Series, tolerance: float) -> pl.Series:
    differs = left.ne_missing(right)
    if not left.dtype.is_float():
        return differs
    one, other = pl.lit(left), pl.lit(right)
    size = pl.max_horizontal(one.abs(), other.abs())
    near = ((one - other).abs() <= tolerance * size).fill_null(value=False)
    return differs & ~pl.select(near.alias(left.name)).to_series()


def _row(table: pl.DataFrame, row: int) -> Row | None:
    if row >= len(table):
        return None
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in table.row(row, named=True).items()
    }


def _changed_lines(was: Recording, became: Recording, moment: int) -> Iterator[Change]:
    ours, theirs = ([line for line in each.lines if line[0] <= moment] for each in (was, became))
    for pair in zip_longest(ours, theirs):
        if pair[0] != pair[1]:
            # What is said in on_start is said before the first bar.
            said = min(line[0] for line in pair if line)
            yield Change(max(said, int(was.moments[0])))
            return


def _moment_of(line: Logged) -> int:
    return 0 if line.bar is UNSET else since_epoch(datetime.fromisoformat(line.bar))
