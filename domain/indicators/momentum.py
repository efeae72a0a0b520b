"""Rate of change."""

import numpy as np

from domain.compiled import compiled
from domain.indicators.inputs import checked_period, column
from domain.market.bars import Floats


def momentum(values: Floats, period: int) -> Floats:
    """Change over ``period`` bars as a fraction: values[t] / values[t - period] - 1.

    float64[n] → float64[n], NaN for the first ``period`` bars, where either value is NaN, and
    where the earlier one is 0. Raises InvalidPeriod, InvalidColumn.
    """
    return _momentum(column(values), checked_period(period))


@compiled
def _momentum(values: Floats, period: int) -> Floats:
    changes = np.full(len(values), np.nan)
    for t in range(period, len(values)):
        if values[t - period] != 0.0:
            changes[t] = values[t] / values[t - period] - 1.0
    return changes
