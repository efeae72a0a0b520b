"""Figures of the latest half year, day after day."""

import math

import numpy as np

from domain.engine.reproducible_math import ROUNDING
from domain.market.bars import Floats

WINDOWS_AT_ONCE = 4_096  # bounds the memory that a hundred years of days take


def window_of(periods_per_year: int) -> int:
    """How many daily returns half a year has: 126, or 182 where there are weekend sessions."""
    return periods_per_year // 2


def rolling_risk(
    returns: Floats, window: int, periods_per_year: int, risk_free_rate: float
) -> tuple[Floats, Floats]:
    """Volatility (percent) and Sharpe ratio of the ``window`` daily returns up to each day.

    ``returns``: float64[d], fractions; both answers are float64[d], defined as those of the whole
    run are (``domain.engine.return_metrics``). NaN before there are ``window`` returns, where one
    of them is undefined, and for the ratio also where they do not vary.
    """
    average, deviation = np.full(len(returns), np.nan), np.full(len(returns), np.nan)
    if len(returns) >= window:
        windows = np.lib.stride_tricks.sliding_window_view(returns, window)
        for start in range(0, len(windows), WINDOWS_AT_ONCE):
            part = windows[start : start + WINDOWS_AT_ONCE]
            ends = slice(start + window - 1, start + window - 1 + len(part))
            average[ends] = part.mean(axis=1)
            deviation[ends] = part.std(axis=1, ddof=1)
    annual = math.sqrt(periods_per_year)
    ratio = np.full(len(returns), np.nan)
    excess = average - risk_free_rate / periods_per_year
    np.divide(excess * annual, deviation, out=ratio, where=deviation > ROUNDING)
    return 100.0 * deviation * annual, ratio
