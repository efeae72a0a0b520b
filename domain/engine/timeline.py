"""Bring the bars of all symbols onto one timeline."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from domain.errors import DomainError
from domain.market.bars import Bars, Floats, Times, read_only

BARS_MAX = 60_000_000  # of a run: a hundred symbols, a year of minutes each

_PRICES = ("open", "close", "volume")


class Timeline(NamedTuple):
    """The sorted union of the symbols' timestamps, int64[n] µs, and what they show there.

    ``open``, ``close``, ``volume`` and ``target``: float64[n, k], NaN where a symbol has no bar.
    All read-only.
    """

    timestamp: Times
    open: Floats
    close: Floats
    volume: Floats
    target: Floats


def align(bars: Sequence[Bars], targets: Sequence[Floats]) -> Timeline:
    """Lay k symbols' bars and target weights side by side.

    Raises ``DomainError`` where the moments of the timeline times the symbols are too many.
    Ticks that share a timestamp keep their order: the second tick of one symbol at a moment meets
    the second of another.
    """
    first = bars[0].timestamp
    if all(np.array_equal(first, other.timestamp) for other in bars[1:]):
        columns = [[getattr(each, name) for each in bars] for name in _PRICES]
        return Timeline(first, *map(_side_by_side, [*columns, list(targets)]))
    frames = [_keyed(each, target) for each, target in zip(bars, targets, strict=True)]
    keys = ["timestamp", "occurrence"]
    union = pl.concat([frame.select(keys) for frame in frames]).unique().sort(keys)
    if len(union) * len(bars) > BARS_MAX:
        raise DomainError(
            f"{len(bars)} symbols over {len(union):,} different moments are more than the "
            f"{BARS_MAX:,} places a run can hold; ask for fewer symbols or a coarser resolution"
        )
    joined = [union.join(frame, on=keys, how="left", maintain_order="left") for frame in frames]
    return Timeline(
        read_only(np.ascontiguousarray(union["timestamp"].to_numpy())),
        *(
            _side_by_side([frame[name].fill_null(np.nan).to_numpy() for frame in joined])
            for name in (*_PRICES, "target")
        ),
    )


def _keyed(bars: Bars, target: Floats) -> pl.DataFrame:
    moments = bars.timestamp
    occurrence = np.arange(len(moments)) - np.searchsorted(moments, moments, side="left")
    prices = {name: getattr(bars, name) for name in _PRICES}
    return pl.DataFrame(
        {"timestamp": moments, "occurrence": occurrence, **prices, "target": target}
    )


def _side_by_side(columns: Sequence[Floats]) -> Floats:
    if len(columns) == 1:
        return read_only(np.ascontiguousarray(columns[0], dtype=np.float64).reshape(-1, 1))
    return read_only(np.column_stack(columns))
