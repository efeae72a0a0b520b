"""One symbol's corporate actions: splits and cash dividends, by the day they take effect."""

import hashlib

import msgspec
import numpy as np
import polars as pl

from domain.market.bars import TIMESTAMP_TYPE, Floats, Times, read_only
from domain.market.resolution import MICROSECONDS_PER_DAY

ACTION_COLUMNS = ("timestamp", "split", "dividend")


class Actions(msgspec.Struct, frozen=True):
    """The corporate actions of one symbol, oldest first, at most one row a day.

    ``timestamp``: int64[m], midnight UTC of the ex-date in microseconds since the Unix epoch, as
    daily bars have it. ``split``: float64[m], shares held after for each one before: 2.0 is two for
    one, 0.1 one for ten, 1.0 none. ``dividend``: float64[m], cash per share held before the
    ex-date, hence before the split of the same day; 0.0 is none. All read-only.

    An action takes effect before the first trade of its ex-date, which for bars shorter than a day
    begins at midnight in the run's timezone (``domain.market.sessions``).
    """

    symbol: str
    timestamp: Times
    split: Floats
    dividend: Floats

    def __post_init__(self) -> None:
        for name in ACTION_COLUMNS:
            msgspec.structs.force_setattr(self, name, read_only(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.timestamp)

    @classmethod
    def none(cls, symbol: str) -> "Actions":
        """No action at all."""
        return cls(symbol, np.empty(0, np.int64), np.empty(0), np.empty(0))

    @classmethod
    def from_frame(cls, symbol: str, frame: pl.DataFrame) -> "Actions":
        """Take the columns ``timestamp`` (Datetime UTC, µs), ``split``, ``dividend`` (Float64)."""
        columns = frame.select(pl.col("timestamp").cast(pl.Int64), *ACTION_COLUMNS[1:])
        return cls(
            symbol, *(np.ascontiguousarray(columns[name].to_numpy()) for name in ACTION_COLUMNS)
        )

    def frame(self) -> pl.DataFrame:
        """These actions as a polars frame with the columns of ``ACTION_COLUMNS``."""
        return pl.DataFrame(
            {
                "timestamp": pl.Series(self.timestamp, dtype=pl.Int64).cast(TIMESTAMP_TYPE),
                "split": self.split,
                "dividend": self.dividend,
            }
        )

    def effective(self, days: Times) -> "Actions":
        """The actions that can matter to bars on ``days``, as views.

        ``days``: int64[n], sorted day numbers (``session_days``), n ≥ 1. What takes effect on the
        first of them or earlier finds nothing held yet, what comes after the last nothing to do.
        """
        midnights = np.array([days[0], days[-1]]) * MICROSECONDS_PER_DAY
        first, last = np.searchsorted(self.timestamp, midnights, side="right")
        return Actions(self.symbol, *(getattr(self, name)[first:last] for name in ACTION_COLUMNS))

    def rows(self, days: Times) -> Times:
        """The row of ``days`` before whose trades each action takes effect: int64[m].

        ``days``: int64[n], sorted day numbers. It is the first row on the ex-date or later; n where
        there is none.
        """
        return np.searchsorted(days, self.timestamp // MICROSECONDS_PER_DAY).astype(np.int64)

    def shares(self, days: Times) -> Floats:
        """How many shares one held from the beginning has become by each row of ``days``.

        float64[n]: the product of the splits so far. Prices times it are in the units of the
        first bar throughout: no row depends on a split that comes after it.
        """
        held: Floats = np.cumprod(np.append(1.0, self.split))
        return held[self._so_far(days)]

    def value(self, days: Times, close: Floats) -> Floats:
        """What one share bought before the first action is worth with its dividends in cash.

        float64[n] for ``close`` float64[n] of bars on ``days``: the shares that it has become times
        the close, plus all dividends paid so far, which are not invested again.
        """
        held: Floats = np.cumprod(np.append(1.0, self.split))
        paid: Floats = np.cumsum(np.append(0.0, self.dividend * held[:-1]))
        count = self._so_far(days)
        return held[count] * close + paid[count]

    def sha256(self) -> str:
        """SHA-256 over the columns' little-endian bytes, in the order of ``ACTION_COLUMNS``."""
        digest = hashlib.sha256()
        for name in ACTION_COLUMNS:
            column = getattr(self, name)
            digest.update(column.astype(column.dtype.newbyteorder("<"), copy=False).data)
        return digest.hexdigest()

    def _so_far(self, days: Times) -> Times:
        # How many actions have taken effect by each row.
        midnights = days * MICROSECONDS_PER_DAY
        return np.searchsorted(self.timestamp, midnights, side="right").astype(np.int64)
