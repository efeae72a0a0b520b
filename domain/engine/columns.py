"""Columns of tables out of NumPy arrays, many at once.

To bring an array over to polars takes the same few microseconds however short it is, and a run has
thousands of short ones. So all columns of a type go over as one, and are cut apart there.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from domain.market.bars import TIMESTAMP_TYPE, Floats, Times


def numbers(arrays: Sequence[Floats | Times]) -> list[pl.Series]:
    """Give each of some arrays of one type and length as a column, copied."""
    return _cut(pl.Series(np.concatenate(arrays)), len(arrays))


def places(arrays: Sequence[npt.NDArray[np.integer | np.bool_]]) -> list[pl.Series]:
    """Give each of some arrays of numbers ≥ 0 as what a column can be indexed with."""
    return _cut(pl.Series(np.concatenate(arrays).astype(np.uint32)), len(arrays))


def moments(timestamp: Times) -> pl.Series:
    """Give microseconds since the epoch, int64[n], as the tape's timestamps."""
    return pl.Series(timestamp).cast(TIMESTAMP_TYPE)


def table(columns: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Put columns side by side."""
    return pl.DataFrame([column.alias(name) for name, column in columns.items()])


def _cut(together: pl.Series, count: int) -> list[pl.Series]:
    length = len(together) // count
    return [together.slice(number * length, length) for number in range(count)]
