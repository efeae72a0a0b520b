"""Corporate actions from the files that vendors deliver."""

from pathlib import Path

import msgspec
import polars as pl

from domain.market.actions import Actions
from domain.market.resolution import Resolution
from domain.market.validation import InvalidRow, validate_actions
from service.market_data.columns import TIMES, UnknownColumns
from service.market_data.errors import RejectedFile
from service.market_data.tables import Table, read_table
from service.market_data.times import timestamps

DATES = ("ex_date", "ex-date", *TIMES)
SPLITS = ("split", "splits", "stock splits")
DIVIDENDS = ("dividend", "dividends")

_RATIO = r"^(?<after>[^:/]+)[:/](?<before>[^:/]+)$"


class ImportedActions(msgspec.Struct, frozen=True):
    """Valid actions from a file, and a sentence for each thing in it a user may not expect."""

    actions: Actions
    notes: tuple[str, ...]


def read_actions(path: Path, symbol: str) -> ImportedActions:
    """Read splits and cash dividends from a CSV or Parquet file: all of its rows or none.

    One column of ex-dates (``DATES``), read as dates of daily bars are; one of ``SPLITS``, one of
    ``DIVIDENDS``, or both, whatever their case. A split is shares after for each one before,
    ``7``, ``7:1`` or ``7/1``; an empty cell, or a split of 0 as some vendors write it, is none.
    Rows without either are left out. Raises ``RejectedFile``, naming the row and the rule.
    """
    table = read_table(path)
    try:
        read, ignored = _read(table, symbol)
        validate_actions(Actions.from_frame(symbol, read))
        acting = (read["split"] != 1.0) | (read["dividend"] != 0.0)
        actions = Actions.from_frame(symbol, read.filter(acting))
        validate_actions(actions)
    except UnknownColumns as error:
        raise RejectedFile(f"{path.name}: {error}") from error
    except InvalidRow as error:
        raise RejectedFile(f"{table.place(error.row)}: {error}") from error
    notes = [f"ignored columns: {', '.join(ignored)}"] if ignored else []
    if left_out := len(read) - len(actions):
        notes.append(f"rows without a split or a dividend, left out: {left_out}")
    return ImportedActions(actions, tuple(notes))


def _read(table: Table, symbol: str) -> tuple[pl.DataFrame, list[str]]:
    known = {name.strip(" <>").lower(): name for name in table.frame.columns}
    date, split, dividend = (
        next((known[name] for name in names if name in known), None)
        for names in (DATES, SPLITS, DIVIDENDS)
    )
    found = f"; found {', '.join(known.values())}"
    if date is None:
        raise UnknownColumns(f"no column of dates: one of {', '.join(DATES)}{found}")
    if split is None and dividend is None:
        raise UnknownColumns(f"no column split or dividend{found}")
    frame = table.frame
    read = pl.DataFrame(
        {
            "timestamp": timestamps(frame[date], symbol, Resolution.DAY, "UTC"),
            "split": _numbers(frame, split, symbol, 1.0).replace(0.0, 1.0),
            "dividend": _numbers(frame, dividend, symbol, 0.0),
        }
    )
    return read, [name for name in known.values() if name not in {date, split, dividend}]


def _numbers(frame: pl.DataFrame, name: str | None, symbol: str, none: float) -> pl.Series:
    if name is None:
        return pl.repeat(none, len(frame), dtype=pl.Float64, eager=True)
    column = frame[name]
    text = column.cast(pl.String).str.strip_chars().replace("", None)
    ratio = text.str.extract_groups(_RATIO).struct
    after, before = (
        ratio.field(part).cast(pl.Float64, strict=False) for part in ("after", "before")
    )
    read = text.cast(pl.Float64, strict=False)
    read = read.zip_with(read.is_not_null(), after / before)
    unread = read.is_null() & text.is_not_null()
    if unread.any():
        row = int(unread.arg_max() or 0)
        raise InvalidRow(symbol, row + 1, f"{name} must be a number", repr(column[row]))
    return read.fill_null(none)
