"""How far equity fell from its peak, and for how long."""

from typing import NamedTuple

from domain.compiled import compiled
from domain.engine.account import Integers
from domain.engine.reproducible_math import ROUNDING
from domain.market.bars import Floats


class Drawdown(NamedTuple):
    """``depth``: the deepest fall, a fraction of the peak; ``days``: the longest one lasted."""

    depth: float
    days: int


def maximum_drawdown(initial_capital: float, equity: Floats, days: Integers) -> Drawdown:
    """The deepest and the longest fall below the running peak, over every equity row.

    ``equity`` float64[n] and ``days`` int64[n] (day number of each row), n ≥ 1. The peak starts
    at ``initial_capital`` (above 0) on the first row's day. depth = max((peak - equity) / peak).
    A drawdown lasts from the day the peak was last touched to the day it is reached again, in
    calendar days; one that is still open counts to the last row. The deepest and the longest
    need not be the same one. A fall of at most 1e-12 of the peak is rounding, not a drawdown.
    """
    depth, longest = _maximum_drawdown(initial_capital, equity, days)
    return Drawdown(depth, longest)


@compiled
def _maximum_drawdown(initial_capital: float, equity: Floats, days: Integers) -> tuple[float, int]:
    peak, peak_day = initial_capital, days[0]
    depth, longest, fallen = 0.0, 0, False
    for t in range(len(equity)):
        fall = (peak - equity[t]) / peak
        if fall > ROUNDING or fallen:
            longest = max(longest, days[t] - peak_day)
        fallen = fall > ROUNDING
        if fallen:
            depth = max(depth, fall)
        else:
            peak, peak_day = max(peak, equity[t]), days[t]
    return depth, longest
