"""Returns by calendar month and year."""

from typing import Literal

import numpy as np
import polars as pl

from domain.market.bars import Floats, Times


def calendar_returns(
    unit: Literal["month", "year"],
    days: Times,
    marks: Floats,
    benchmark: Floats | None,
    initial_capital: float,
) -> pl.DataFrame:
    """One row for each month (or year) with a session: its name, and the return in percent.

    ``days`` int64[d], increasing; ``marks`` float64[d], the equity at the end of each; so
    ``benchmark``, NaN before it began. A return is from the last mark before the month, at first
    from ``initial_capital``, to its last; null where there was nothing to make one with. Without a
    benchmark there is no column ``benchmark_return``.
    """
    periods = days.astype("datetime64[D]").astype(f"datetime64[{unit[0].upper()}]")
    last = np.append(periods[1:] != periods[:-1], True)
    columns = {
        unit: pl.Series(np.datetime_as_string(periods[last])),
        "return": _changes(marks[last], initial_capital),
    }
    if benchmark is not None:
        columns["benchmark_return"] = _changes(benchmark[last], initial_capital)
    return pl.DataFrame(columns)


def _changes(marks: Floats, initial_capital: float) -> pl.Series:
    earlier = np.append(initial_capital, marks[:-1])
    # Before its first mark, what will be invested is the initial capital.
    earlier[np.isnan(earlier)] = initial_capital
    changes = np.full(len(marks), np.nan)
    np.divide(100.0 * (marks - earlier), earlier, out=changes, where=earlier > 0.0)
    return pl.Series(changes, nan_to_null=True)
