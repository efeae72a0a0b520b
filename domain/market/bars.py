"""One symbol's bars as NumPy columns, what makes them valid, and their fingerprint."""

import hashlib
from typing import TypeAlias, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

Floats: TypeAlias = npt.NDArray[np.float64]
Times: TypeAlias = npt.NDArray[np.int64]
Scalar = TypeVar("Scalar", bound=np.generic)

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
TIMESTAMP_TYPE = pl.Datetime("us", "UTC")


def read_only(column: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """A view that nobody can write through.

    To compiled code it is a type of its own: arrays that are always given to it so are compiled
    for once.
    """
    view = column.view()
    view.flags.writeable = False
    return view


def _seal(column: npt.NDArray[Scalar]) -> None:
    # A view can be made writable again as long as the array is that owns the memory.
    owner = column
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    owner.flags.writeable = False


class Bars(msgspec.Struct, frozen=True):
    """The bars of one symbol, oldest first.

    ``timestamp``: int64[n], microseconds since the Unix epoch, UTC, each bar's open time.
    ``open``, ``high``, ``low``, ``close``, ``volume``: float64[n], C-contiguous. All read-only, and
    so are the arrays that they were made from: what a strategy is shown is what the manifest's
    fingerprint says.
    """

    symbol: str
    timestamp: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        for name in COLUMNS:
            _seal(getattr(self, name))
            msgspec.structs.force_setattr(self, name, read_only(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.timestamp)

    @classmethod
    def from_frame(cls, symbol: str, frame: pl.DataFrame) -> "Bars":
        """Take the columns ``timestamp`` (Datetime UTC, µs), ``open`` … ``volume`` (Float64)."""
        columns = frame.select(pl.col("timestamp").cast(pl.Int64), *COLUMNS[1:])
        return cls(symbol, *(np.ascontiguousarray(columns[name].to_numpy()) for name in COLUMNS))

    def frame(self) -> pl.DataFrame:
        """These bars as a polars frame with the columns of ``COLUMNS``."""
        return pl.DataFrame(
            {
                "timestamp": pl.Series(self.timestamp, dtype=pl.Int64).cast(TIMESTAMP_TYPE),
                **{name: getattr(self, name) for name in COLUMNS[1:]},
            }
        )

    def between(self, start: int, end: int) -> "Bars":
        """The bars with start ≤ timestamp ≤ end (microseconds), as views."""
        first, last = np.searchsorted(self.timestamp, [start, end + 1])
        return self.part(int(first), int(last))

    def part(self, start: int, stop: int) -> "Bars":
        """The bars number ``start`` to ``stop`` (exclusive, counted from 0), as views."""
        return Bars(self.symbol, *(getattr(self, name)[start:stop] for name in COLUMNS))

    def sha256(self) -> str:
        """SHA-256 over the columns' little-endian bytes, in the order of ``COLUMNS``; hex."""
        digest = hashlib.sha256()
        for name in COLUMNS:
            column = getattr(self, name)
            digest.update(column.astype(column.dtype.newbyteorder("<"), copy=False).data)
        return digest.hexdigest()
