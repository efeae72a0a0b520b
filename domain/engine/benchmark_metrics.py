"""Metrics of a run's daily returns against its benchmark's.

``returns`` and ``benchmark`` are float64[d] of the same days, fractions, all finite. Where a
metric is undefined (fewer than two days, or no variance to divide by) the answer is None.
"""

import math

from domain.engine.reproducible_math import ROUNDING, mean, power, sample_deviation, total
from domain.market.bars import Floats


def beta(returns: Floats, benchmark: Floats) -> float | None:
    """cov(r, b) / var(b): the return's move for each move of the benchmark."""
    if len(returns) < 2 or sample_deviation(benchmark) <= ROUNDING:
        return None
    deviations = benchmark - mean(benchmark)
    return total(deviations * (returns - mean(returns))) / total(deviations * deviations)


def alpha(
    returns: Floats, benchmark: Floats, periods_per_year: int, risk_free_rate: float
) -> float | None:
    """Jensen's alpha, annualised, percent: (1 + mean(a))^N - 1, as empyrical has it.

    a = (r - rf/N) - beta * (b - rf/N), with ``risk_free_rate`` rf annual, a fraction.
    """
    slope = beta(returns, benchmark)
    if slope is None:
        return None
    daily_rate = risk_free_rate / periods_per_year
    growth = power(
        1.0 + mean((returns - daily_rate) - slope * (benchmark - daily_rate)), periods_per_year
    )
    return None if growth is None else 100.0 * (growth - 1.0)


def tracking_error(returns: Floats, benchmark: Floats, periods_per_year: int) -> float | None:
    """Sample standard deviation of r - b, * √N, percent."""
    if len(returns) < 2:
        return None
    return 100.0 * sample_deviation(returns - benchmark) * math.sqrt(periods_per_year)


def information_ratio(returns: Floats, benchmark: Floats, periods_per_year: int) -> float | None:
    """mean(r - b) / sd(r - b) * √N, with the sample deviation (Goodwin 1998)."""
    active = returns - benchmark
    if len(active) < 2 or sample_deviation(active) <= ROUNDING:
        return None
    return mean(active) / sample_deviation(active) * math.sqrt(periods_per_year)
