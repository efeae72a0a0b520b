"""Indicators over float64[n] columns: one compiled pass each, NaN until warm, never looking ahead.

Every function promises: the value at bar t is computed from the bars up to t alone, and is the
same to the last bit whether later bars exist or not.
"""

from domain.indicators.comparison import RELATIVE_TOLERANCE, above
from domain.indicators.inputs import InvalidPeriod
from domain.indicators.momentum import momentum
from domain.indicators.moving_average import ema, sma
from domain.indicators.relative_strength import rsi
from domain.indicators.rolling_deviation import rolling_std, zscore

__all__ = [
    "RELATIVE_TOLERANCE",
    "InvalidPeriod",
    "above",
    "ema",
    "momentum",
    "rolling_std",
    "rsi",
    "sma",
    "zscore",
]
