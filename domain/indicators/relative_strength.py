"""Wilder's relative strength index."""

import numpy as np

from domain.compiled import compiled
from domain.indicators.inputs import checked_period, column
from domain.market.bars import Floats


def rsi(close: Floats, period: int) -> Floats:
    """Relative strength index, 0 to 100: 100 * average gain / (average gain + average loss).

    float64[n] → float64[n]. Wilder (1978), seeded as in TA-Lib: the first averages are the simple
    means of the first ``period`` changes, so the first value stands at bar ``period``; after
    that average[t] = (average[t-1] * (period - 1) + change[t]) / period. NaN before, and where
    nothing has moved yet, since 0 / 0 says nothing (TA-Lib's 0 would read as oversold). A NaN
    starts the warm-up anew. Raises InvalidPeriod.
    """
    return _rsi(column(close), checked_period(period))


@compiled
def _rsi(close: Floats, period: int) -> Floats:
    index = np.full(len(close), np.nan)
    gain, loss, changes = 0.0, 0.0, 0
    for t in range(1, len(close)):
        change = close[t] - close[t - 1]
        if not np.isfinite(change):
            gain, loss, changes = 0.0, 0.0, 0
            continue
        changes = min(changes + 1, period)
        # weights 0, 1/2, 2/3 … while warming up: the simple mean; Wilder's from then on
        gain = (gain * (changes - 1) + max(change, 0.0)) / changes
        loss = (loss * (changes - 1) + max(-change, 0.0)) / changes
        if changes == period:
            index[t] = 100.0 * gain / (gain + loss)  # 0 / 0 is NaN
    return index
