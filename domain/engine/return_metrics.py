"""Metrics of a series of daily returns: growth, risk, and one over the other.

``returns`` is float64[d], fractions (0.01 = 1 %), all finite. ``periods_per_year`` (N) is 252 or
365; ``risk_free_rate`` is annual, a fraction, spread evenly as rate / N. Metrics called percent
are multiplied by 100. Where a metric is undefined (fewer than two returns, or no variance to
divide by: at most 1e-12, since that much is rounding) the answer is None.
"""

import math

import numpy as np

from domain.engine.reproducible_math import ROUNDING, central_sum, mean, power, sample_deviation
from domain.market.bars import Floats


def daily_returns(marks: Floats) -> Floats:
    """marks[i] / marks[i-1] - 1: float64[d] → float64[d-1]; NaN where marks[i-1] is not above 0."""
    earlier, later = marks[:-1], marks[1:]
    returns = np.full(len(later), np.nan)
    np.divide(later - earlier, earlier, out=returns, where=earlier > 0.0)
    return returns


def annualized_return(
    initial_capital: float, final_value: float, returns_count: int, periods_per_year: int
) -> float | None:
    """(V_end / V_0)^(N / n) - 1, percent; n is the number of daily returns."""
    if returns_count < 2:
        return None
    growth = power(final_value / initial_capital, periods_per_year, returns_count)
    return None if growth is None else 100.0 * (growth - 1.0)


def volatility(returns: Floats, periods_per_year: int) -> float | None:
    """Sample standard deviation * √N, percent."""
    if len(returns) < 2:
        return None
    return 100.0 * sample_deviation(returns) * math.sqrt(periods_per_year)


def sharpe_ratio(returns: Floats, periods_per_year: int, risk_free_rate: float) -> float | None:
    """mean(r - rf/N) / sd(r - rf/N) * √N, with the sample deviation (Sharpe 1994)."""
    if len(returns) < 2:
        return None
    excess = returns - risk_free_rate / periods_per_year
    return _annual_ratio(mean(excess), sample_deviation(excess), periods_per_year)


def sortino_ratio(returns: Floats, periods_per_year: int, risk_free_rate: float) -> float | None:
    """mean(r - rf/N) / √mean(min(r - rf/N, 0)²) * √N (Sortino and Price 1994).

    The downside deviation is taken over all returns, those above the rate counting as 0.
    """
    if len(returns) < 2:
        return None
    excess = returns - risk_free_rate / periods_per_year
    shortfall = np.minimum(excess, 0.0)
    return _annual_ratio(mean(excess), math.sqrt(mean(shortfall * shortfall)), periods_per_year)


def calmar_ratio(annualized: float | None, max_drawdown: float) -> float | None:
    """Annualized return / maximum drawdown, both percent (Young 1991)."""
    if annualized is None or max_drawdown <= 0.0:
        return None
    return annualized / max_drawdown


def value_at_risk(returns: Floats) -> float | None:
    """Historical 95 % one-day value at risk, percent: minus the 5 % quantile of the returns.

    Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, NumPy's
    default). A loss is positive; below 0 even the 5 % worst day made money.
    """
    return None if len(returns) < 2 else 0.0 - 100.0 * _fifth_percentile(returns)


def conditional_value_at_risk(returns: Floats) -> float | None:
    """Expected shortfall, percent: minus the mean of the returns at or below the 5 % quantile."""
    if len(returns) < 2:
        return None
    return 0.0 - 100.0 * mean(returns[returns <= _fifth_percentile(returns)])


def skewness(returns: Floats) -> float | None:
    """Bias-free sample skewness, G1 = √(n (n-1)) / (n-2) * m3 / m2^1.5 (Joanes and Gill 1998).

    m_k = Σ (r - mean)^k / n. None for fewer than three returns.
    """
    n = len(returns)
    if n < 3 or sample_deviation(returns) <= ROUNDING:
        return None
    second, third = central_sum(returns, 2) / n, central_sum(returns, 3) / n
    return math.sqrt(n * (n - 1)) / (n - 2) * third / (second * math.sqrt(second))


def kurtosis(returns: Floats) -> float | None:
    """Bias-free excess kurtosis, 0 for a normal distribution (G2 of Joanes and Gill 1998).

    G2 = (n-1) / ((n-2) (n-3)) * ((n+1) m4 / m2² - 3 (n-1)). None for fewer than four returns.
    """
    n = len(returns)
    if n < 4 or sample_deviation(returns) <= ROUNDING:
        return None
    second, fourth = central_sum(returns, 2) / n, central_sum(returns, 4) / n
    scale = (n - 1) / ((n - 2) * (n - 3))
    return scale * ((n + 1) * fourth / (second * second) - 3.0 * (n - 1))


def _annual_ratio(average: float, deviation: float, periods_per_year: int) -> float | None:
    if deviation <= ROUNDING:
        return None
    return average / deviation * math.sqrt(periods_per_year)


def _fifth_percentile(returns: Floats) -> float:
    ordered = np.sort(returns)
    rank, twentieths = divmod(len(ordered) - 1, 20)
    below = float(ordered[rank])
    return below + twentieths / 20.0 * (float(ordered[rank + (twentieths > 0)]) - below)
