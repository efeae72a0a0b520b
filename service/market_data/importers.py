"""Bars from the files that vendors deliver."""

from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import MICROSECONDS_PER_SECOND, Resolution
from domain.market.validation import InvalidBars, InvalidRow, validate
from service.market_data.columns import Columns, UnknownColumns, recognise
from service.market_data.errors import MarketDataError, RejectedFile
from service.market_data.tables import Table, read_table
from service.market_data.times import timestamps


class Imported(msgspec.Struct, frozen=True):
    """Valid bars from a file, and a sentence for each thing in it that a user may not expect."""

    bars: Bars
    notes: tuple[str, ...]


def read_file(path: Path, symbol: str, resolution: Resolution, timezone: str) -> Imported:
    """Read bars from a CSV or Parquet file: all of its rows or none.

    Columns are told by name (``recognise``), times as ``timestamps`` says, those without an offset
    in ``timezone`` (an IANA name). Raises ``RejectedFile``, naming the row (data rows from 1; the
    line too for CSV) and the rule that it breaks; ``MarketDataError`` for an unknown timezone.
    """
    _require_timezone(timezone)
    table = read_table(path)
    try:
        columns = recognise(table.frame.columns, resolution)
        bars = _bars(table, columns, symbol, resolution, timezone)
        validate(bars, resolution)
        _require_length(bars, resolution)
    except UnknownColumns as error:
        raise RejectedFile(f"{path.name}: {error}") from error
    except InvalidRow as error:
        raise RejectedFile(f"{table.place(error.row)}: {error}") from error
    return Imported(bars, columns.notes)


def _bars(
    table: Table, columns: Columns, symbol: str, resolution: Resolution, timezone: str
) -> Bars:
    frame = table.frame
    time = frame[columns.times[0]]
    if len(columns.times) > 1:
        time = frame.select(pl.concat_str(columns.times, separator=" ")).to_series()
    read = {"timestamp": timestamps(time, symbol, resolution, timezone)}
    for name, source in zip(COLUMNS[1:5], columns.prices, strict=True):
        read[name] = _numbers(frame[source], name, symbol)
    if columns.volume is None:
        read["volume"] = pl.zeros(len(frame), pl.Float64, eager=True)
    else:
        read["volume"] = _numbers(frame[columns.volume], "volume", symbol)
    return Bars.from_frame(symbol, pl.DataFrame(read))


def _numbers(column: pl.Series, name: str, symbol: str) -> pl.Series:
    text = column.str.strip_chars() if column.dtype == pl.String else column
    numbers = text.cast(pl.Float64, strict=False)
    if numbers.null_count():
        row = int(numbers.is_null().arg_max() or 0)
        raise InvalidRow(symbol, row + 1, f"{name} must be a number", repr(column[row]))
    return numbers


def _require_length(bars: Bars, resolution: Resolution) -> None:
    """Bars that begin before the bar before is complete are bars of another resolution."""
    steps = np.diff(bars.timestamp)
    close = steps < resolution.microseconds
    if close.any():
        row = int(close.argmax()) + 1
        found = f"{steps[row - 1] / MICROSECONDS_PER_SECOND:g} seconds; is it the right resolution?"
        length = "an hour" if resolution is Resolution.HOUR else f"a {resolution.value}"
        rule = f"{resolution.value} bars must be {length} or more apart"
        raise InvalidBars(bars.symbol, row + 1, rule, found)


def _require_timezone(timezone: str) -> None:
    try:
        pl.Series([0]).cast(pl.Datetime("us", timezone or "none"))
    except pl.exceptions.PolarsError as error:
        raise MarketDataError(
            f"unknown timezone {timezone!r}; use an IANA name such as UTC or America/New_York"
        ) from error
