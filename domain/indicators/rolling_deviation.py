"""Rolling standard deviation and z-score."""

import math

import numpy as np

from domain.compiled import compiled
from domain.indicators.comparison import RELATIVE_TOLERANCE
from domain.indicators.inputs import checked_period, column
from domain.market.bars import Floats


def rolling_std(values: Floats, period: int, ddof: int = 1) -> Floats:
    """Standard deviation of the last ``period`` values: √(Σ (v - mean)² / (period - ddof)).

    float64[n] → float64[n]. ``ddof`` 1 (sample, as pandas) or 0 (population, as Bollinger bands).
    NaN for the first ``period`` - 1 bars, and everywhere if period ≤ ddof. A NaN makes every
    window that holds it NaN, and no other.

    No drift: windows are put together from blocks as in ``sma``, count, mean and sum of squared
    deviations at a time (Chan, Golub and LeVeque 1983). The error is at most about
    period * 1e-16 * |mean| of the window itself. Raises InvalidPeriod.
    """
    window = checked_period(period)
    _, squares = _moments(column(values), window)
    if window <= ddof:
        return np.full_like(squares, np.nan)
    deviations: Floats = np.sqrt(squares / (window - ddof))
    return deviations


def zscore(values: Floats, period: int) -> Floats:
    """How far the value stands from its window's mean: (v - mean) / sample standard deviation.

    float64[n] → float64[n], over the last ``period`` values including this one. NaN for the first
    ``period`` - 1 bars, where the window holds a NaN, and where the deviation is no more than
    1e-9 of the mean: such a window stands still but for rounding. Raises InvalidPeriod.
    """
    return _zscore(column(values), checked_period(period))


@compiled
def _zscore(values: Floats, period: int) -> Floats:
    means, squares = _moments(values, period)
    scores = np.full(len(values), np.nan)
    if period < 2:
        return scores
    for t in range(period - 1, len(values)):
        deviation = math.sqrt(squares[t] / (period - 1))
        if deviation > RELATIVE_TOLERANCE * abs(means[t]):
            scores[t] = (values[t] - means[t]) / deviation
    return scores


@compiled
def _moments(values: Floats, period: int) -> tuple[Floats, Floats]:
    means = np.full(len(values), np.nan)
    squares = np.full(len(values), np.nan)
    if period > len(values):
        return means, squares
    # tail_mean[k], tail_square[k]: moments of the previous block without its first k values
    tail_mean = np.zeros(period + 1)
    tail_square = np.zeros(period + 1)
    head_mean, head_square, count = 0.0, 0.0, 0
    for t in range(len(values)):
        count += 1
        head_mean, head_square = _extended(head_mean, head_square, count, values[t])
        if t >= period - 1:
            rest = period - count
            gap = tail_mean[count] - head_mean
            means[t] = head_mean + gap * rest / period
            squares[t] = head_square + tail_square[count] + gap * gap * count * rest / period
        if count == period:
            for k in range(period - 1, -1, -1):
                value = values[t - period + 1 + k]
                tail_mean[k], tail_square[k] = _extended(
                    tail_mean[k + 1], tail_square[k + 1], period - k, value
                )
            head_mean, head_square, count = 0.0, 0.0, 0
    return means, squares


@compiled
def _extended(mean: float, square: float, count: int, value: float) -> tuple[float, float]:
    # Welford (1962): one more value, the count-th
    delta = value - mean
    mean += delta / count
    return mean, square + delta * (value - mean)
