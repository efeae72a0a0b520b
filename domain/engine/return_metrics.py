"""Metrics of a series of daily returns: growth, risk, and one over the other.

Returns r are fractions (0.01 = 1 %), n of them; their excess over the risk-free rate is
x = r - rf / N, where rf is annual, a fraction, and N (``periods_per_year``) is 252 or 365. Metrics
called percent are multiplied by 100. Where a metric is undefined (fewer than two returns, or no
variance to divide by: at most 1e-12, since that much is rounding) the answer is NaN.
"""

import math
from typing import NamedTuple

import numpy as np

from domain.compiled import compiled_in_place
from domain.engine.exact_power import exact_power
from domain.engine.exact_sum import exact_sum
from domain.engine.order_statistics import of_rank
from domain.engine.reproducible_math import ROUNDING
from domain.engine.room import Room
from domain.market.bars import Floats


class ReturnSums(NamedTuple):
    """What the metrics of n = ``days`` returns are made of; each sum is exact and rounded once.

    ``squares``, ``cubes``, ``fourths``: Σ (r - mean)^2, ^3 and ^4; ``excess``: mean of x;
    ``excess_squares``: Σ (x - mean)²; ``shortfall``: mean of min(x, 0)²; ``quantile``: the 5 %
    quantile of r; ``tail``: the mean of the returns up to it.
    """

    days: int
    squares: float
    cubes: float
    fourths: float
    excess: float
    excess_squares: float
    shortfall: float
    quantile: float
    tail: float


def daily_returns(marks: Floats) -> Floats:
    """marks[i] / marks[i-1] - 1: float64[d] → float64[d-1]; NaN where marks[i-1] is not above 0."""
    earlier, later = marks[:-1], marks[1:]
    returns = np.full(len(later), np.nan)
    np.divide(later - earlier, earlier, out=returns, where=earlier > 0.0)
    return returns


@compiled_in_place
def return_sums(returns: Floats, daily_rate: float, room: Room) -> ReturnSums:
    """Sum up daily returns, float64[n], finite; ``daily_rate`` is rf / N. NaN where n < 2."""
    n = len(returns)
    if n < 2:
        nan = np.nan
        return ReturnSums(n, nan, nan, nan, nan, nan, nan, nan, nan)
    work = room.work[:n]
    mean = exact_sum(returns, room.lanes) / n
    squares, cubes, fourths = _central_sums(returns, mean, room)
    excess, excess_squares = mean, squares
    if daily_rate != 0.0:
        for index in range(n):
            work[index] = returns[index] - daily_rate
        excess = exact_sum(work, room.lanes) / n
        for index in range(n):
            deviation = work[index] - excess
            work[index] = deviation * deviation
        excess_squares = exact_sum(work, room.lanes)
    for index in range(n):
        short = min(returns[index] - daily_rate, 0.0)
        work[index] = short * short
    shortfall = exact_sum(work, room.lanes) / n
    quantile = _fifth_percentile(returns, room.work)
    tail = _mean_up_to(returns, quantile, room)
    return ReturnSums(n, squares, cubes, fourths, excess, excess_squares, shortfall, quantile, tail)


@compiled_in_place
def annualized_return(
    initial_capital: float, final_value: float, returns_count: int, periods_per_year: int
) -> float:
    """(V_end / V_0)^(N / n) - 1, percent; n is the number of daily returns."""
    if returns_count < 2:
        return np.nan
    growth = exact_power(final_value / initial_capital, periods_per_year, returns_count)
    return 100.0 * (growth - 1.0)


@compiled_in_place
def volatility(sums: ReturnSums, periods_per_year: int) -> float:
    """Sample standard deviation * √N, percent."""
    return 100.0 * _deviation(sums.squares, sums.days) * math.sqrt(periods_per_year)


@compiled_in_place
def sharpe_ratio(sums: ReturnSums, periods_per_year: int) -> float:
    """mean(r - rf/N) / sd(r - rf/N) * √N, with the sample deviation (Sharpe 1994)."""
    deviation = _deviation(sums.excess_squares, sums.days)
    return _annual_ratio(sums.excess, deviation, periods_per_year)


@compiled_in_place
def sortino_ratio(sums: ReturnSums, periods_per_year: int) -> float:
    """mean(r - rf/N) / √mean(min(r - rf/N, 0)²) * √N (Sortino and Price 1994).

    The downside deviation is taken over all returns, those above the rate counting as 0.
    """
    return _annual_ratio(sums.excess, math.sqrt(sums.shortfall), periods_per_year)


@compiled_in_place
def calmar_ratio(annualized: float, max_drawdown: float) -> float:
    """Annualized return / maximum drawdown, both percent (Young 1991)."""
    return annualized / max_drawdown if max_drawdown > 0.0 else np.nan


@compiled_in_place
def value_at_risk(sums: ReturnSums) -> float:
    """Historical 95 % one-day value at risk, percent: minus the 5 % quantile of the returns.

    Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, NumPy's
    default). A loss is positive; below 0 even the 5 % worst day made money.
    """
    return 0.0 - 100.0 * sums.quantile


@compiled_in_place
def conditional_value_at_risk(sums: ReturnSums) -> float:
    """Expected shortfall, percent: minus the mean of the returns at or below the 5 % quantile."""
    return 0.0 - 100.0 * sums.tail


@compiled_in_place
def skewness(sums: ReturnSums) -> float:
    """Bias-free sample skewness, G1 = √(n (n-1)) / (n-2) * m3 / m2^1.5 (Joanes and Gill 1998).

    m_k = Σ (r - mean)^k / n. NaN for fewer than three returns.
    """
    n = sums.days
    if n < 3 or _deviation(sums.squares, n) <= ROUNDING:
        return np.nan
    second, third = sums.squares / n, sums.cubes / n
    return math.sqrt(n * (n - 1)) / (n - 2) * third / (second * math.sqrt(second))


@compiled_in_place
def kurtosis(sums: ReturnSums) -> float:
    """Bias-free excess kurtosis, 0 for a normal distribution (G2 of Joanes and Gill 1998).

    G2 = (n-1) / ((n-2) (n-3)) * ((n+1) m4 / m2² - 3 (n-1)). NaN for fewer than four returns.
    """
    n = sums.days
    if n < 4 or _deviation(sums.squares, n) <= ROUNDING:
        return np.nan
    second, fourth = sums.squares / n, sums.fourths / n
    scale = (n - 1) / ((n - 2) * (n - 3))
    return scale * ((n + 1) * fourth / (second * second) - 3.0 * (n - 1))


@compiled_in_place
def _deviation(squares: float, count: int) -> float:
    return math.sqrt(squares / (count - 1)) if count > 1 else np.nan


@compiled_in_place
def _annual_ratio(average: float, deviation: float, periods_per_year: int) -> float:
    if not deviation > ROUNDING:
        return np.nan
    return average / deviation * math.sqrt(periods_per_year)


@compiled_in_place
def _central_sums(returns: Floats, mean: float, room: Room) -> tuple[float, float, float]:
    # Each product from the one before it, as (r - mean) * (r - mean) * … is read.
    deviations, work = room.deviations[: len(returns)], room.work[: len(returns)]
    for index in range(len(returns)):
        deviations[index] = returns[index] - mean
        work[index] = deviations[index] * deviations[index]
    squares = exact_sum(work, room.lanes)
    for index in range(len(returns)):
        work[index] *= deviations[index]
    cubes = exact_sum(work, room.lanes)
    for index in range(len(returns)):
        work[index] *= deviations[index]
    return squares, cubes, exact_sum(work, room.lanes)


@compiled_in_place
def _fifth_percentile(returns: Floats, work: Floats) -> float:
    rank, twentieths = divmod(len(returns) - 1, 20)
    below, above = of_rank(returns, rank, work)
    return below + twentieths / 20.0 * (above - below) if twentieths > 0 else below


@compiled_in_place
def _mean_up_to(returns: Floats, most: float, room: Room) -> float:
    count = 0
    for value in returns:
        if value <= most:
            room.work[count] = value
            count += 1
    return exact_sum(room.work[:count], room.lanes) / count
