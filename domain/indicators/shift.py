"""The series as it was known a bar ago."""

import numpy as np

from domain.indicators.inputs import checked_period, column
from domain.market.bars import Floats


def previous(values: Floats, bars: int = 1) -> Floats:
    """The value ``bars`` bars before: result[t] = values[t - bars].

    float64[n] → float64[n], NaN for the first ``bars`` bars. There is no way to ask for a later
    one. Raises InvalidPeriod, InvalidColumn.
    """
    known, distance = column(values), checked_period(bars)
    shifted = np.full(len(known), np.nan)
    shifted[distance:] = known[: max(len(known) - distance, 0)]
    return shifted
