"""Bring the bars of all symbols onto one timeline."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import polars as pl

from domain.errors import DomainError
from domain.market.bars import Bars, Floats, Times, read_only

BARS_MAX = 60_000_000  # of a run: a hundred symbols, a year of minutes each

_PRICES = ("open", "high", "low", "close", "volume")


class Timeline(NamedTuple):
    """The sorted union of the symbols' timestamps, int64[n] µs, and what they show there.

    ``open`` … ``volume`` and ``target``: float64[n, k], NaN where a symbol has no bar; a timeline
    made without targets has none, float64[n, 0]. All read-only.
    """

    timestamp: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    target: Floats


def align(bars: Sequence[Bars], targets: Sequence[Floats] = ()) -> Timeline:
    """Lay k symbols' bars and, where there are any, their target weights side by side.

    Raises ``DomainError`` where the moments of the timeline times the symbols are too many.
    Ticks that share a timestamp keep their order: the second tick of one symbol at a moment meets
    the second of another.
    """
    first = bars[0].timestamp
    if all(np.array_equal(first, other.timestamp) for other in bars[1:]):
        aligned = {name: _stacked([getattr(each, name) for each in bars]) for name in _PRICES}
        return Timeline(first, **aligned, target=_stacked(targets) if targets else _none(first))
    frames = [_keyed(*pair) for pair in zip_longest(bars, targets)]
    keys = ["timestamp", "occurrence"]
    union = pl.concat([frame.select(keys) for frame in frames]).unique().sort(keys)
    if len(union) * len(bars) > BARS_MAX:
        raise DomainError(
            f"{len(bars)} symbols over {len(union):,} different moments are more than the "
            f"{BARS_MAX:,} places a run can hold; ask for fewer symbols or a coarser resolution"
        )
    joined = [union.join(frame, on=keys, how="left", maintain_order="left") for frame in frames]
    columns = {name: _stacked(_filled(joined, name)) for name in joined[0].columns[2:]}
    moments = read_only(np.ascontiguousarray(union["timestamp"].to_numpy()))
    return Timeline(moments, **({"target": _none(moments)} | columns))


def _keyed(bars: Bars, target: Floats | None) -> pl.DataFrame:
    moments = bars.timestamp
    occurrence = np.arange(len(moments)) - np.searchsorted(moments, moments, side="left")
    columns = {name: getattr(bars, name) for name in _PRICES}
    if target is not None:
        columns["target"] = target
    return pl.DataFrame({"timestamp": moments, "occurrence": occurrence, **columns})


def _filled(frames: Sequence[pl.DataFrame], name: str) -> list[Floats]:
    return [frame[name].fill_null(np.nan).to_numpy() for frame in frames]


def _none(moments: Times) -> Floats:
    return read_only(np.empty((len(moments), 0)))


def _stacked(columns: Sequence[Floats]) -> Floats:
    if len(columns) == 1:
        return read_only(np.ascontiguousarray(columns[0], dtype=np.float64).reshape(-1, 1))
    return read_only(np.column_stack(columns))
