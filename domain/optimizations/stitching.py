"""The equity of a walk-forward out of sample, and its bytes."""

import io

import numpy as np
import polars as pl

from domain.engine.account import Integers
from domain.market.bars import TIMESTAMP_TYPE, Floats
from domain.market.resolution import MICROSECONDS_PER_DAY

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "timestamp": TIMESTAMP_TYPE,
    "value": pl.Float64,
    "window": pl.Int64,
}


def stitch(initial_capital: float, marks: list[Floats]) -> Floats:
    """Chain windows, each a run of its own from ``initial_capital``, as if one went on in the next.

    ``marks``: of each window the equity at the end of its days, float64[d]. Gives them one after
    the other, each window's scaled by what the ones before have made of the capital.
    """
    chained, capital = [], initial_capital
    for window in marks:
        chained.append(capital * (window / initial_capital))
        capital = float(chained[-1][-1])
    return np.concatenate(chained)


def encode_equity(days: Integers, value: Floats, window: Integers) -> bytes:
    """Write equity at the end of session days (int64[d], since 1970-01-01) as Arrow IPC.

    ``window``: int64[d], the number of the window, from 0. A day is written as its midnight UTC.
    """
    moments = pl.Series(days * MICROSECONDS_PER_DAY, dtype=pl.Int64).cast(TIMESTAMP_TYPE)
    table = pl.DataFrame({"timestamp": moments, "value": value, "window": window}, SCHEMA)
    stream = io.BytesIO()
    table.write_ipc_stream(stream, compression="lz4")
    return stream.getvalue()


def decode_equity(data: bytes) -> pl.DataFrame:
    """Read back what ``encode_equity`` wrote: the columns of ``SCHEMA``."""
    return pl.read_ipc_stream(io.BytesIO(data))
