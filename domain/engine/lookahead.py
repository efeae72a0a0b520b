"""The look-ahead detector: change the future, and see whether the past changes with it.

Everything after a moment is replaced, the run is simulated again, and every event up to the moment
must be what it was. Moments are drawn from a seed, half of them from those at which the run placed
an order, since a decision is where knowledge of the future shows. Each is tried with a future that
rises and with one that falls.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import msgspec
import numpy as np
import polars as pl
from msgspec import UNSET

from domain.engine import tape
from domain.engine.simulate import simulate
from domain.errors import StrategyFailed
from domain.market.actions import Actions
from domain.market.bars import Bars, Floats, Times
from domain.market.moments import iso, since_epoch
from domain.market.resolution import MICROSECONDS_PER_DAY
from domain.runs.events import EncodedEvent, Logged, Progressed, RunEvent, decode
from domain.runs.manifest import Manifest
from domain.strategies.code import Code

Batch: TypeAlias = list[EncodedEvent]
Row: TypeAlias = dict[str, Any]


class Data(NamedTuple):
    """What a run is simulated over, apart from its manifest."""

    bars: Sequence[Bars]
    benchmark: Bars | None
    actions: Sequence[Actions]


class Leak(msgspec.Struct, frozen=True):
    """One event that would have been another, had the future been another.

    ``moment``: what came after it was changed. ``bar``: the earliest bar, at ``moment`` or before,
    whose record changed, both ISO 8601. ``event_id``: the run's event that holds it. ``table``: the
    part of the tape it is in, with the row as it was and as it became, ``None`` where there is no
    such row. ``table`` is ``None`` where no row but a log line or a figure of the event changed.
    """

    moment: str
    bar: str
    event_id: int
    table: str | None = None
    was: Row | None = None
    became: Row | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the search. Nothing is proven: it found no leak at these moments.

    ``deterministic``: false where two runs on the same data already differ, which ends the search.
    ``notes``: moments that could not be tried, and why.
    """

    moments: list[str]
    seed: int
    deterministic: bool
    leaks: list[Leak]
    notes: list[str]

    @property
    def clean(self) -> bool:
        """Whether something was tried and nothing speaks against the strategy."""
        return self.deterministic and bool(self.moments) and not self.leaks


def search(manifest: Manifest, data: Data, code: Code | None, *, moments: int, seed: int) -> Report:
    """Look for look-ahead at up to ``moments`` moments, in twice as many simulations and two more.

    Raises ``StrategyFailed`` where the strategy fails on the data as it is.
    """
    record = list(simulate(manifest, *data, code=code))
    if record != list(simulate(manifest, *data, code=code)):
        return Report(moments=[], seed=seed, deterministic=False, leaks=[], notes=[])
    random = np.random.Generator(np.random.PCG64(seed))
    tried: list[str] = []
    leaks: list[Leak] = []
    notes: list[str] = []
    for moment in map(int, _moments(record, moments, random)):
        try:
            for direction in (1.0, -1.0):
                other = _another_future(data, moment, direction, random)
                leak = _first_change(record, simulate(manifest, *other, code=code), moment)
                if leak is not None:
                    leaks.append(leak)
                    break
        except StrategyFailed as error:
            notes.append(f"{iso(moment)}: in another future {error}")
        else:
            tried.append(iso(moment))
    return Report(moments=tried, seed=seed, deterministic=True, leaks=leaks, notes=notes)


def _moments(record: Sequence[Batch], count: int, random: np.random.Generator) -> Times:
    segments = [_tables(event) for event in _ticks(record)]
    equity = pl.concat([segment["equity"] for segment in segments])
    orders = pl.concat([segment["orders"] for segment in segments])
    submitted = orders.filter(pl.col("status") == "submitted")
    # Not the last: something must come after.
    possible = np.unique(equity["timestamp"].cast(pl.Int64).to_numpy())[:-1]
    decided = np.intersect1d(submitted["timestamp"].cast(pl.Int64).to_numpy(), possible)
    half = random.choice(decided, min(len(decided), count // 2), replace=False)
    others = np.setdiff1d(possible, half)
    rest = random.choice(others, min(len(others), count - len(half)), replace=False)
    return np.sort(np.concatenate([half, rest]))


def _another_future(data: Data, moment: int, direction: float, random: np.random.Generator) -> Data:
    benchmark = data.benchmark and _replaced(data.benchmark, moment, direction, random)
    return Data(
        [_replaced(each, moment, direction, random) for each in data.bars],
        benchmark or None,
        [_without_later(each, moment) for each in data.actions],
    )


def _replaced(bars: Bars, moment: int, direction: float, random: np.random.Generator) -> Bars:
    # Each later bar gets a body, shadows and a volume of its own: nothing of it stays known.
    later = bars.timestamp > moment
    level, body, above, below, volume = random.uniform(2.0, 10.0, (5, len(bars)))
    opened: Floats = bars.open * level**direction
    closed: Floats = opened * body ** random.choice([-1.0, 1.0], len(bars))
    high, low = np.maximum(opened, closed) * above, np.minimum(opened, closed) / below
    if np.array_equal(bars.high, bars.low):  # ticks
        closed = high = low = opened
    return msgspec.structs.replace(
        bars,
        open=np.where(later, opened, bars.open),
        high=np.where(later, high, bars.high),
        low=np.where(later, low, bars.low),
        close=np.where(later, closed, bars.close),
        volume=np.where(later, random.permutation(bars.volume) * volume, bars.volume),
    )


def _without_later(actions: Actions, moment: int) -> Actions:
    # The day of a session may begin up to a day before its date does in UTC.
    known = actions.timestamp <= moment + MICROSECONDS_PER_DAY
    return Actions(
        actions.symbol, actions.timestamp[known], actions.split[known], actions.dividend[known]
    )


def _first_change(record: Sequence[Batch], changed: Iterator[Batch], moment: int) -> Leak | None:
    event_id = 1  # the request, which is no event of the simulation
    for was, became in zip(record, changed, strict=False):
        event_id += len(was)
        for tick, other in zip(_ticks([was]), _ticks([became]), strict=True):
            ends = _end_of(tick)
            found = None if tick == other else _changed_row(tick, other, moment)
            if found is not None:
                bar, table, *rows = found
                return Leak(iso(moment), iso(bar), event_id, table, *rows)
            if _lines(was, moment) != _lines(became, moment) or (ends <= moment and tick != other):
                return Leak(iso(moment), iso(min(ends, moment)), event_id)
            if ends > moment:
                return None
    return None


def _lines(batch: Batch, moment: int) -> list[RunEvent]:
    lines = [decode(event.type, event.payload) for event in batch if event.type == "log"]
    return [line for line in lines if _said_at(line) <= moment]


def _said_at(line: RunEvent) -> int:
    if isinstance(line, Logged) and line.bar is not UNSET:
        return since_epoch(datetime.fromisoformat(line.bar))
    return 0


def _changed_row(
    was: EncodedEvent, became: EncodedEvent, moment: int
) -> tuple[int, str, Row | None, Row | None] | None:
    ours, theirs = _tables(was), _tables(became)
    found: list[tuple[int, str, Row | None, Row | None]] = []
    for name in tape.TABLES:
        left, right = (_known_by(moment, segment[name]) for segment in (ours, theirs))
        if left.equals(right):
            continue
        row = _first_difference(left, right)
        rows = [_row(frame, row) for frame in (left, right)]
        bar = min(each.pop("known") for each in rows if each is not None)
        found.append((bar, name, rows[0], rows[1]))
    return min(found, key=lambda change: change[0], default=None)


def _row(table: pl.DataFrame, row: int) -> Row | None:
    if row >= len(table):
        return None
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in table.row(row, named=True).items()
    }


def _known_by(moment: int, table: pl.DataFrame) -> pl.DataFrame:
    # A row is known when the last of its moments has come.
    times = [name for name, kind in table.schema.items() if isinstance(kind, pl.Datetime)]
    known = pl.max_horizontal(pl.col(times).cast(pl.Int64))
    rows = table.with_columns(known=known).filter(pl.col("known") <= moment)
    return rows.sort("known", maintain_order=True)


def _first_difference(left: pl.DataFrame, right: pl.DataFrame) -> int:
    shorter = min(len(left), len(right))
    differs = [left[name][:shorter].ne_missing(right[name][:shorter]) for name in left.columns]
    rows = pl.DataFrame(differs).select(pl.any_horizontal(pl.all())).to_series().arg_true()
    return int(rows[0]) if len(rows) else shorter


def _ticks(batches: Sequence[Batch]) -> list[EncodedEvent]:
    return [event for batch in batches for event in batch if event.type == "progress"]


def _tables(tick: EncodedEvent) -> dict[str, pl.DataFrame]:
    assert tick.attachment is not None
    return tape.decode(tick.attachment)


def _end_of(tick: EncodedEvent) -> int:
    progressed = decode(tick.type, tick.payload)
    assert isinstance(progressed, Progressed)
    return since_epoch(datetime.fromisoformat(progressed.timestamp))
