"""Indicators over float64[n] columns: compiled, one pass each, NaN until warm, never looking ahead.

Every function promises: the value at bar t is computed from the bars up to t alone, and is the
same to the last bit whether later bars exist or not.
"""

from domain.indicators.bollinger import Bands, bollinger
from domain.indicators.comparison import RELATIVE_TOLERANCE, Flags, above
from domain.indicators.donchian import Channel, donchian
from domain.indicators.inputs import InvalidColumn, InvalidPeriod
from domain.indicators.macd import Macd, macd
from domain.indicators.momentum import momentum
from domain.indicators.moving_average import ema, sma
from domain.indicators.relative_strength import rsi
from domain.indicators.rolling_deviation import rolling_std, zscore
from domain.indicators.rolling_extremes import rolling_max, rolling_min
from domain.indicators.shift import previous
from domain.indicators.true_range import atr, true_range
from domain.indicators.weighted_average import wma

__all__ = [
    "RELATIVE_TOLERANCE",
    "Bands",
    "Channel",
    "Flags",
    "InvalidColumn",
    "InvalidPeriod",
    "Macd",
    "above",
    "atr",
    "bollinger",
    "donchian",
    "ema",
    "macd",
    "momentum",
    "previous",
    "rolling_max",
    "rolling_min",
    "rolling_std",
    "rsi",
    "sma",
    "true_range",
    "wma",
    "zscore",
]
