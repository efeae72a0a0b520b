"""Simple and exponential moving averages."""

import numpy as np

from domain.compiled import compiled, compiled_in_place
from domain.indicators.exact_means import BARS_AT_ONCE, NONE, slide, splitter
from domain.indicators.inputs import checked_period, column
from domain.market.bars import Floats


def sma(values: Floats, period: int) -> Floats:
    """Simple moving average: the mean of the last ``period`` values.

    float64[n] → float64[n], NaN for the first ``period`` - 1 bars (for all, if period > n).
    A NaN makes every window that holds it NaN, and no other.

    A running sum drifts, because what is subtracted later is not exactly what was added. Here
    nothing is subtracted: the series is cut into blocks of ``period``, and each window is the end
    of one block plus the start of the next (van Herk 1992; Gil and Werman 1993). The additions
    are compensated (Knuth's TwoSum), so each mean is that of its exact window to about 2e-16
    relative (where values of both signs cancel: relative to their size), at bar 5,000,000 as at
    bar 1. Prices are near enough to each other for sums that are exact, which come to the same
    bits in half the time: see ``exact_means``. O(n) time, O(period) extra memory. Raises
    InvalidPeriod, InvalidColumn.
    """
    known, window = column(values), checked_period(period)
    means = np.empty(len(known))
    if window <= len(known):
        room = np.empty((2, BARS_AT_ONCE)), np.empty((2, window)), np.zeros((2, 2, window + 1))
        _sma(known, splitter(known, window), *room, means)
    means[: window - 1] = np.nan
    return means


def ema(values: Floats, period: int) -> Floats:
    """Exponential moving average: e[t] = e[t-1] + (v[t] - e[t-1]) * 2 / (period + 1).

    float64[n] → float64[n]. As in TA-Lib, the first value is the simple mean of the first
    ``period`` values, at bar ``period`` - 1; NaN before. A NaN starts the warm-up anew: the result
    is NaN until ``period`` values in a row have been seen again. Raises InvalidPeriod,
    InvalidColumn.
    """
    return _ema(column(values), checked_period(period))


@compiled_in_place
def two_sum(a: float, b: float) -> tuple[float, float]:
    """The sum rounded, and the exact error of that rounding (Knuth)."""
    total = a + b
    b_rounded = total - a
    return total, (a - (total - b_rounded)) + (b - b_rounded)


@compiled_in_place
def ema_step(average: float, count: int, value: float, period: int) -> tuple[float, int]:
    """An exponential average and its count of values so far, once ``value`` has been seen.

    The average is warm from ``count`` = ``period`` on. Start from (0.0, 0); a value that is not
    finite starts anew.
    """
    if not np.isfinite(value):
        return 0.0, 0
    count = min(count + 1, period + 1)
    # until warm, the running mean of what has been seen: the seed
    share = 2.0 / (period + 1.0) if count > period else 1.0 / count
    return average + (value - average) * share, count


@compiled_in_place
def _sma(
    values: Floats, cut: float, sums: Floats, head: Floats, tails: Floats, means: Floats
) -> None:
    # One function, so that neither way has to be compiled later.
    if cut == NONE:
        _add_up(values, head, tails, means)
    else:
        slide(values, head.shape[1], cut, sums, means)


@compiled_in_place
def _add_up(values: Floats, head: Floats, tails: Floats, means: Floats) -> None:
    # head: sum and error of k + 1 values from the block's start; tail: of the block before without
    # its first k values; next_tail: the same of this block, for the next.
    period = head.shape[1]
    for number in range(len(values) // period + 1):
        block = values[number * period : (number + 1) * period]
        result = means[number * period : (number + 1) * period]
        tail, next_tail = tails[number % 2], tails[1 - number % 2]
        forward, forward_error, backward, backward_error = 0.0, 0.0, 0.0, 0.0
        # two chains of additions side by side take a processor no longer than one
        for k in range(len(block)):
            forward, rounding = two_sum(forward, block[k])
            forward_error += rounding
            head[0, k], head[1, k] = forward, forward_error
            rest = len(block) - 1 - k
            backward, rounding = two_sum(backward, block[rest])
            backward_error += rounding
            next_tail[0, rest], next_tail[1, rest] = backward, backward_error
        for k in range(len(block)):
            total, rounding = two_sum(head[0, k], tail[0, k + 1])
            result[k] = (total + (rounding + head[1, k] + tail[1, k + 1])) / period


@compiled
def _ema(values: Floats, period: int) -> Floats:
    averages = np.full(len(values), np.nan)
    average, count = 0.0, 0
    for t in range(len(values)):
        average, count = ema_step(average, count, values[t], period)
        if count >= period:
            averages[t] = average
    return averages
