"""Rolling standard deviation and z-score."""

import math

import numpy as np

from domain.compiled import compiled_in_place
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
    period * 1e-16 * |mean| of the window itself. Raises InvalidPeriod, InvalidColumn.
    """
    window = checked_period(period)
    _, squares = _moments(column(values), window)
    if window <= ddof:
        return np.full_like(squares, np.nan)
    squares /= window - ddof
    return np.sqrt(squares, out=squares)


def zscore(values: Floats, period: int) -> Floats:
    """How far the value stands from its window's mean: (v - mean) / sample standard deviation.

    float64[n] → float64[n], over the last ``period`` values including this one. NaN for the first
    ``period`` - 1 bars, where the window holds a NaN, and where the deviation is no more than
    1e-9 of the mean: such a window stands still but for rounding. Raises InvalidPeriod,
    InvalidColumn.
    """
    known, window = column(values), checked_period(period)
    if window < 2:
        return np.full(len(known), np.nan)
    means, squares = _moments(known, window)
    _score(known, means, squares, window - 1.0)
    return means


def _moments(values: Floats, period: int) -> tuple[Floats, Floats]:
    # mean and sum of squared deviations of every window
    means, squares = np.empty(len(values)), np.empty(len(values))
    if period <= len(values):
        counts = np.arange(1.0, period + 1.0)
        shares = np.array([1.0 / counts, (period - counts) / period])
        tails = np.zeros((2, 2, period + 1))
        _merge_blocks(values, shares, np.empty((2, period)), tails, means, squares)
    means[: period - 1] = np.nan
    squares[: period - 1] = np.nan
    return means, squares


@compiled_in_place
def _merge_blocks(
    values: Floats, shares: Floats, head: Floats, tails: Floats, means: Floats, squares: Floats
) -> None:
    # head: mean and squares of k + 1 values from the block's start; tail: of the block before
    # without its first k values. shares: of a value in the mean of k + 1, of the tail in a window.
    period = head.shape[1]
    for number in range(len(values) // period + 1):
        block = values[number * period : (number + 1) * period]
        window_mean = means[number * period : (number + 1) * period]
        window_square = squares[number * period : (number + 1) * period]
        tail, next_tail = tails[number % 2], tails[1 - number % 2]
        mean, square, mean_back, square_back = 0.0, 0.0, 0.0, 0.0
        for k in range(len(block)):
            share, rest = shares[0, k], len(block) - 1 - k
            mean, square = _extended(mean, square, share, block[k])
            head[0, k], head[1, k] = mean, square
            mean_back, square_back = _extended(mean_back, square_back, share, block[rest])
            next_tail[0, rest], next_tail[1, rest] = mean_back, square_back
        for k in range(len(block)):
            gap = tail[0, k + 1] - head[0, k]
            window_mean[k] = head[0, k] + gap * shares[1, k]
            between = gap * gap * shares[1, k] * (k + 1.0)
            window_square[k] = head[1, k] + tail[1, k + 1] + between


@compiled_in_place
def _extended(mean: float, square: float, share: float, value: float) -> tuple[float, float]:
    # Welford (1962): one more value, which has this share in the new mean
    delta = value - mean
    mean += delta * share
    return mean, square + delta * (value - mean)


@compiled_in_place
def _score(values: Floats, means: Floats, squares: Floats, freedom: float) -> None:
    # the scores take the place of the means
    for t in range(len(values)):
        deviation = math.sqrt(squares[t] / freedom)
        moving = deviation > RELATIVE_TOLERANCE * abs(means[t])
        means[t] = (values[t] - means[t]) / deviation if moving else np.nan
