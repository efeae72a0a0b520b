"""Moving-average convergence and divergence."""

from typing import NamedTuple

import numpy as np

from domain.compiled import compiled
from domain.indicators.inputs import checked_period, column
from domain.indicators.moving_average import ema_step
from domain.market.bars import Floats


class Macd(NamedTuple):
    """Three lines, float64[n] each; ``histogram`` is ``line`` - ``signal``."""

    line: Floats
    signal: Floats
    histogram: Floats


def macd(values: Floats, fast_period: int, slow_period: int, signal_period: int) -> Macd:
    """Appel's MACD: ``ema`` of the fast less that of the slow period, and the ``ema`` of that line.

    float64[n] each. The line starts with the longer of its averages, at bar ``slow_period`` - 1;
    signal and histogram ``signal_period`` - 1 bars later. A NaN starts the warm-up anew. Each
    average is seeded by the mean of its own first values; TA-Lib's MACD seeds the fast one later,
    with those next to the slow one's end, a difference that fades by (1 - 2 / (fast + 1)) a bar.
    Raises InvalidPeriod, InvalidColumn.
    """
    periods = map(checked_period, (fast_period, slow_period, signal_period))
    return Macd(*_macd(column(values), *periods))


@compiled
def _macd(
    values: Floats, fast_period: int, slow_period: int, signal_period: int
) -> tuple[Floats, Floats, Floats]:
    line = np.full(len(values), np.nan)
    signal = np.full(len(values), np.nan)
    histogram = np.full(len(values), np.nan)
    fast, fast_count, slow, slow_count, average, count = 0.0, 0, 0.0, 0, 0.0, 0
    for t in range(len(values)):
        fast, fast_count = ema_step(fast, fast_count, values[t], fast_period)
        slow, slow_count = ema_step(slow, slow_count, values[t], slow_period)
        if fast_count >= fast_period and slow_count >= slow_period:
            line[t] = fast - slow
        average, count = ema_step(average, count, line[t], signal_period)
        if count >= signal_period:
            signal[t] = average
            histogram[t] = line[t] - average
    return line, signal, histogram
