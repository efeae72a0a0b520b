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
_SPLIT_FORMS = "split must be a number, or a ratio of two above 0 such as 7:1"


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
    columns = table.frame.columns
    date, split, dividend = (_only(columns, names) for names in (DATES, SPLITS, DIVIDENDS))
    found = f"; found {', '.join(columns)}"
    if date is None:
        raise UnknownColumns(f"no column of dates: one of {', '.join(DATES)}{found}")
    if split is None and dividend is None:
        raise UnknownColumns(f"no column split or dividend{found}")
    frame = table.frame
    read = pl.DataFrame(
        {
            "timestamp": timestamps(frame[date], symbol, Resolution.DAY, "UTC"),
            "split": _splits(frame, split, symbol),
            "dividend": _dividends(frame, dividend, symbol),
        }
    )
    return read, [name for name in columns if name not in {date, split, dividend}]


def _only(columns: list[str], names: tuple[str, ...]) -> str | None:
    found = [name for name in columns if name.strip(" <>").lower() in names]
    if len(found) > 1:
        raise UnknownColumns(f"several columns of one kind, {', '.join(found)}: keep one of them")
    return found[0] if found else None


def _splits(frame: pl.DataFrame, name: str | None, symbol: str) -> pl.Series:
    if name is None:
        return pl.repeat(1.0, len(frame), dtype=pl.Float64, eager=True)
    text = _text(frame[name])
    parts = text.str.extract_groups(_RATIO).struct
    after, before = (
        parts.field(part).cast(pl.Float64, strict=False) for part in ("after", "before")
    )
    sound = (after > 0.0) & (before > 0.0) & after.is_finite() & before.is_finite()
    ratio = (after / before).set(~sound, None)
    plain = text.cast(pl.Float64, strict=False).replace(0.0, 1.0)
    read = plain.zip_with(plain.is_not_null(), ratio)
    return _all_read(read, text, frame[name], symbol, _SPLIT_FORMS, 1.0)


def _dividends(frame: pl.DataFrame, name: str | None, symbol: str) -> pl.Series:
    if name is None:
        return pl.repeat(0.0, len(frame), dtype=pl.Float64, eager=True)
    text = _text(frame[name])
    read = text.cast(pl.Float64, strict=False)
    return _all_read(read, text, frame[name], symbol, "dividend must be a number", 0.0)


def _text(column: pl.Series) -> pl.Series:
    return column.cast(pl.String).str.strip_chars().replace("", None)


def _all_read(
    read: pl.Series, text: pl.Series, column: pl.Series, symbol: str, rule: str, none: float
) -> pl.Series:
    unread = read.is_null() & text.is_not_null()
    if unread.any():
        row = int(unread.arg_max() or 0)
        raise InvalidRow(symbol, row + 1, rule, repr(column[row]))
    return read.fill_null(none)
