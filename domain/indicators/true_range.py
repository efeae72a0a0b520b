"""Wilder's true range and its average."""

import numpy as np

from domain.compiled import compiled_in_place
from domain.indicators.inputs import checked_period, columns
from domain.indicators.rolling_extremes import greater
from domain.market.bars import Floats


def true_range(high: Floats, low: Floats, close: Floats) -> Floats:
    """The bar's range, stretched to the close before it.

    max(high[t], close[t-1]) - min(low[t], close[t-1]): float64[n], in the unit of the prices. NaN
    at the first bar, which has no close before it, and where one of these prices is NaN. Raises
    InvalidColumn.
    """
    high, low, close = columns(high, low, close)
    ranges = np.full(len(close), np.nan)
    _true_range(high, low, close, ranges)
    return ranges


def atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Average true range, in the unit of the prices.

    float64[n]. Wilder (1978), seeded as in TA-Lib: the first value is the simple mean of the first
    ``period`` true ranges, at bar ``period``; after that
    average[t] = average[t-1] + (range[t] - average[t-1]) / period. NaN before; a NaN starts the
    warm-up anew. Raises InvalidPeriod, InvalidColumn.
    """
    averages = true_range(high, low, close)
    _smooth(averages, checked_period(period))
    return averages


@compiled_in_place
def _true_range(high: Floats, low: Floats, close: Floats, ranges: Floats) -> None:
    for t in range(1, len(ranges)):
        before = close[t - 1]
        ranges[t] = greater(high[t], before) + greater(-low[t], -before)


@compiled_in_place
def _smooth(values: Floats, period: int) -> None:
    average, count = 0.0, 0
    for t in range(len(values)):
        value = values[t]
        values[t] = np.nan
        if not np.isfinite(value):
            average, count = 0.0, 0
            continue
        count = min(count + 1, period)
        # shares 1, 1/2, 1/3 … while warming up: the simple mean; Wilder's from then on
        average += (value - average) * (1.0 / count)
        if count == period:
            values[t] = average
