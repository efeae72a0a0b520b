"""Donchian's channel."""

from typing import NamedTuple

from domain.indicators.inputs import columns
from domain.indicators.rolling_extremes import rolling_max, rolling_min
from domain.market.bars import Floats


class Channel(NamedTuple):
    """Three lines, float64[n] each."""

    lower: Floats
    middle: Floats
    upper: Floats


def donchian(high: Floats, low: Floats, period: int) -> Channel:
    """Lowest low and highest high of the last ``period`` bars, and the mean of the two.

    float64[n] each, NaN for the first ``period`` - 1 bars. The window includes this bar: nothing
    closes above it, so a breakout is a close beyond the channel of the bar *before* (see
    ``previous``). Raises InvalidPeriod, InvalidColumn.
    """
    high, low = columns(high, low)
    upper, lower = rolling_max(high, period), rolling_min(low, period)
    return Channel(lower, (lower + upper) / 2.0, upper)
