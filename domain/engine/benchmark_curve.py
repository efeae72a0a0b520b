"""What the initial capital would have become in the benchmark."""

import numpy as np

from domain.engine.account import Bools, Integers
from domain.market.bars import Bars, Floats, Times


def invested_in(benchmark: Bars, initial_capital: float, timestamp: Times) -> Floats:
    """The capital bought in at the benchmark's first close that is known, at each moment.

    ``timestamp``: int64[n], µs, increasing; gives float64[n], NaN before there is a close.
    """
    latest = np.searchsorted(benchmark.timestamp, timestamp, side="right") - 1
    marks: Floats = np.where(latest < 0, np.nan, benchmark.close[latest])
    first = float(marks[np.isnan(marks).argmin()])
    return initial_capital * (marks / first)


def daily(value: Floats, days: Integers, last_of_day: Bools) -> tuple[Integers, Floats]:
    """The days at whose end there is a value, and the values: int64[b] and float64[b]."""
    known = last_of_day & ~np.isnan(value)
    return days[known], value[known]
