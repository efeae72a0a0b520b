"""Which day a bar belongs to."""

import numpy as np
import numpy.typing as npt
import polars as pl

from domain.errors import DomainError
from domain.market.bars import TIMESTAMP_TYPE, Times
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution


def session_days(timestamp: Times, resolution: Resolution, timezone: str) -> Times:
    """The day number (days since 1970-01-01) of each bar: int64[n] → int64[n].

    A daily bar's is its UTC date as it stands, whatever the timezone: daily bars carry midnight
    UTC of their session date. Any other bar's is its date on the clock of ``timezone`` (IANA
    name), daylight saving included. ``timestamp`` is in microseconds since the epoch, UTC.
    Raises DomainError for an unknown timezone.
    """
    if resolution is Resolution.DAY or timezone == "UTC":
        return timestamp // MICROSECONDS_PER_DAY
    moments = pl.Series(timestamp, dtype=pl.Int64).cast(TIMESTAMP_TYPE)
    try:
        local = moments.dt.convert_time_zone(timezone)
    except pl.exceptions.ComputeError as error:
        raise DomainError(f"unknown timezone {timezone!r}; use an IANA name") from error
    return local.dt.date().cast(pl.Int64).to_numpy()


def trades_on_weekends(days: Times) -> bool:
    """Whether Saturdays and Sundays make up more than a fifth of the days in ``days``.

    Two days in seven are 29 %. A market of weekdays whose sessions reach into one day of the
    weekend on another continent's clock has 17 %, and a stray bar hardly any.
    """
    # Without the repetitions there is little left to be sorted.
    sessions = np.unique(np.append(days[:-1][days[1:] != days[:-1]], days[-1:]))
    weekend = (sessions + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    return bool(5 * np.count_nonzero(weekend) > len(sessions))


def last_of_day(days: Times) -> npt.NDArray[np.bool_]:
    """Which rows are the last of their day: bool[n]. ``days`` int64[n], sorted, n ≥ 1."""
    return np.append(days[1:] != days[:-1], True)
