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
    starts the warm-up anew. Raises InvalidPeriod, InvalidColumn.
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
        # shares 1, 1/2, 1/3 … while warming up: the simple mean; Wilder's from then on
        share = 1.0 / changes
        gain += (max(change, 0.0) - gain) * share
        loss += (max(-change, 0.0) - loss) * share
        if changes == period:
            index[t] = 100.0 * gain / (gain + loss)  # 0 / 0 is NaN
    return index
