"""Bollinger's bands."""

from typing import NamedTuple

from domain.indicators.inputs import column
from domain.indicators.moving_average import sma
from domain.indicators.rolling_deviation import rolling_std
from domain.market.bars import Floats


class Bands(NamedTuple):
    """Three lines, float64[n] each."""

    lower: Floats
    middle: Floats
    upper: Floats


def bollinger(values: Floats, period: int, deviations: float) -> Bands:
    """Mean of the last ``period`` values, and ``deviations`` standard deviations to either side.

    float64[n] each, NaN for the first ``period`` - 1 bars and for windows that hold a NaN. The
    deviation is that of the population (divided by ``period``), as Bollinger (2001) and TA-Lib have
    it. Raises InvalidPeriod, InvalidColumn.
    """
    known = column(values)
    middle = sma(known, period)
    width = deviations * rolling_std(known, period, ddof=0)
    return Bands(middle - width, middle, middle + width)
