"""Highest and lowest of a window."""

import numpy as np

from domain.compiled import compiled_in_place
from domain.indicators.inputs import checked_period, column
from domain.market.bars import Floats


def rolling_max(values: Floats, period: int) -> Floats:
    """Highest of the last ``period`` values.

    float64[n] → float64[n], NaN for the first ``period`` - 1 bars. A NaN makes every window that
    holds it NaN, and no other. Exact: each result is one of the values. Blocks as in ``sma``, so
    O(n) whatever the period. Raises InvalidPeriod, InvalidColumn.
    """
    return _extremes(values, period, 1.0)


def rolling_min(values: Floats, period: int) -> Floats:
    """Lowest of the last ``period`` values; otherwise as ``rolling_max``."""
    return _extremes(values, period, -1.0)


@compiled_in_place
def greater(a: float, b: float) -> float:
    """Give the greater of the two, NaN where either is."""
    return a if a >= b or a != a else b


def _extremes(values: Floats, period: int, sign: float) -> Floats:
    known, window = column(values), checked_period(period)
    extremes = np.empty(len(known))
    if window <= len(known):
        _greatest(known, sign, np.empty(window), np.full((2, window + 1), -np.inf), extremes)
    extremes[: window - 1] = np.nan
    return extremes


@compiled_in_place
def _greatest(values: Floats, sign: float, head: Floats, tails: Floats, greatest: Floats) -> None:
    # head: of k + 1 values from the block's start; tail: of the block before without its first k
    period = len(head)
    for number in range(len(values) // period + 1):
        block = values[number * period : (number + 1) * period]
        result = greatest[number * period : (number + 1) * period]
        tail, next_tail = tails[number % 2], tails[1 - number % 2]
        forward, backward = -np.inf, -np.inf
        for k in range(len(block)):
            forward = greater(forward, sign * block[k])
            head[k] = forward
            rest = len(block) - 1 - k
            backward = greater(backward, sign * block[rest])
            next_tail[rest] = backward
        for k in range(len(block)):
            result[k] = sign * greater(head[k], tail[k + 1])
