"""The bars before a run's first, which its indicators may warm up on."""

from collections.abc import Callable

import numpy as np

from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import MICROSECONDS_PER_SECOND, Resolution

# Before the year 2 there is nothing to be found, nor a calendar to find it by.
_EARLIEST = -62_000_000_000 * MICROSECONDS_PER_SECOND
_WIDER = 8  # a market that is open a third of the day on five days of seven is found at once


def with_bars_before(
    bars: Bars, count: int, load: Callable[[int, int], Bars], start: int, resolution: Resolution
) -> tuple[Bars, int]:
    """Put the ``count`` bars before ``start``, or as many as there are, in front of ``bars``.

    ``load`` gives the bars of a range of moments, both inclusive, microseconds UTC; it may find
    none. Also gives how many were put there.
    """
    span = _WIDER * count * (resolution.microseconds or MICROSECONDS_PER_SECOND)
    while count:
        first = max(start - span, _EARLIEST)
        found = load(first, start - 1)
        if len(found) >= count or first == _EARLIEST:
            before = found.part(max(len(found) - count, 0), len(found))
            return _joined(before, bars), len(before)
        span *= _WIDER
    return bars, 0


def _joined(before: Bars, bars: Bars) -> Bars:
    columns = ((getattr(before, name), getattr(bars, name)) for name in COLUMNS)
    return Bars(bars.symbol, *(np.concatenate(pair) for pair in columns))
