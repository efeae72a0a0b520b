"""Simple and exponential moving averages."""

import numpy as np

from domain.compiled import compiled
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
    bar 1. O(n) time, O(period) extra memory. Raises InvalidPeriod.
    """
    return _sma(column(values), checked_period(period))


def ema(values: Floats, period: int) -> Floats:
    """Exponential moving average: e[t] = e[t-1] + (v[t] - e[t-1]) * 2 / (period + 1).

    float64[n] → float64[n]. As in TA-Lib, the first value is the simple mean of the first
    ``period`` values, at bar ``period`` - 1; NaN before. A NaN starts the warm-up anew: the result
    is NaN until ``period`` values in a row have been seen again. Raises InvalidPeriod.
    """
    return _ema(column(values), checked_period(period))


@compiled
def _two_sum(a: float, b: float) -> tuple[float, float]:
    total = a + b
    b_rounded = total - a
    return total, (a - (total - b_rounded)) + (b - b_rounded)


@compiled
def _sma(values: Floats, period: int) -> Floats:
    means = np.full(len(values), np.nan)
    if period > len(values):
        return means
    # tail[k], tail_error[k]: the sum of the previous block without its first k values
    tail = np.zeros(period + 1)
    tail_error = np.zeros(period + 1)
    head, head_error, count = 0.0, 0.0, 0
    for t in range(len(values)):
        head, rounding = _two_sum(head, values[t])
        head_error += rounding
        count += 1
        if t >= period - 1:
            total, rounding = _two_sum(head, tail[count])
            means[t] = (total + (rounding + head_error + tail_error[count])) / period
        if count == period:
            for k in range(period - 1, -1, -1):
                tail[k], rounding = _two_sum(tail[k + 1], values[t - period + 1 + k])
                tail_error[k] = tail_error[k + 1] + rounding
            head, head_error, count = 0.0, 0.0, 0
    return means


@compiled
def _ema(values: Floats, period: int) -> Floats:
    averages = np.full(len(values), np.nan)
    alpha = 2.0 / (period + 1.0)
    average, count = 0.0, 0
    for t in range(len(values)):
        value = values[t]
        if not np.isfinite(value):
            average, count = 0.0, 0
            continue
        count = min(count + 1, period + 1)
        # until warm, the running mean of what has been seen: the seed
        average += (value - average) * (alpha if count > period else 1.0 / count)
        if count >= period:
            averages[t] = average
    return averages
