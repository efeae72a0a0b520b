"""A ranking as one table: a row for each trial, a column for each parameter and metric."""

import io
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec
import polars as pl

from domain.optimizations.results import RankedTrial

Writer: TypeAlias = Callable[[Sequence[RankedTrial]], bytes]

PLAIN = ("rank", "number", "state", "value", "gap")
GROUPS = ("params", "train", "validation", "full")


def csv(trials: Sequence[RankedTrial]) -> bytes:
    """The ranking as CSV in UTF-8, with a header; what is undefined is empty."""
    return _table(trials).write_csv().encode()


def parquet(trials: Sequence[RankedTrial]) -> bytes:
    """The ranking as a Parquet file; what is undefined is null."""
    file = io.BytesIO()
    _table(trials).write_parquet(file)
    return file.getvalue()


def _table(trials: Sequence[RankedTrial]) -> pl.DataFrame:
    """Columns ``rank`` to ``gap``, then ``params.x``, ``train.x`` …, and last ``error``."""
    columns = {name: [getattr(trial, name) for trial in trials] for name in PLAIN}
    for group in GROUPS:
        parts = [getattr(trial, group) or {} for trial in trials]
        for name in dict.fromkeys(name for part in parts for name in part):
            columns[f"{group}.{name}"] = [part.get(name) for part in parts]
    series = [_series(name, values) for name, values in columns.items()]
    errors = pl.Series("error", [trial.error for trial in trials], dtype=pl.String)
    return pl.DataFrame([*series, errors])


def _series(name: str, values: list[Any]) -> pl.Series:
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {int, float}:
        dtype: pl.DataType = pl.Int64() if kinds == {int} else pl.Float64()
    elif kinds == {bool}:
        dtype = pl.Boolean()
    else:
        dtype = pl.String()
        if kinds != {str}:  # a choice may be between values of several kinds, or between lists
            values = [None if value is None else _text(value) for value in values]
    return pl.Series(name, values, dtype=dtype, strict=False)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
