"""How far equity fell from its peak, and for how long."""

from typing import NamedTuple

from domain.compiled import compiled_in_place
from domain.engine.account import Integers
from domain.engine.reproducible_math import ROUNDING
from domain.market.bars import Floats


class Drawdown(NamedTuple):
    """``depth``: the deepest fall, a fraction of the peak; ``days``: the longest one lasted."""

    depth: float
    days: int


@compiled_in_place
def maximum_drawdown(initial_capital: float, equity: Floats, days: Integers) -> Drawdown:
    """The deepest and the longest fall below the running peak, over every equity row.

    ``equity`` float64[n] and ``days`` int64[n] (day number of each row), n ≥ 1. The peak starts
    at ``initial_capital`` (above 0) on the first row's day. depth = max((peak - equity) / peak).
    A drawdown lasts from the day the peak was last touched to the day it is reached again, in
    calendar days; one that is still open counts to the last row. The deepest and the longest
    need not be the same one. A fall of at most 1e-12 of the peak is rounding, not a drawdown.
    """
    peak, peak_day = initial_capital, days[0]
    lowest, depth, longest = peak, 0.0, 0
    certain = peak * (1.0 - 2.0 * ROUNDING)
    for t in range(len(equity)):
        value = equity[t]
        # Of one peak the lowest value has the deepest fall: one division instead of one a row.
        if value < certain or (peak - value) / peak > ROUNDING:
            lowest = min(lowest, value)
            continue
        if lowest < peak:
            depth, longest = max(depth, (peak - lowest) / peak), max(longest, days[t] - peak_day)
        peak, peak_day = max(peak, value), days[t]
        lowest, certain = peak, peak * (1.0 - 2.0 * ROUNDING)
    if lowest < peak:
        last = days[len(days) - 1]
        depth, longest = max(depth, (peak - lowest) / peak), max(longest, last - peak_day)
    return Drawdown(depth, longest)
