"""One file of the catalog: written whole, described by its footer, read by range."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import polars as pl
from polars.exceptions import PanicException, PolarsError

from domain.market.actions import ACTION_COLUMNS, Actions
from domain.market.bars import COLUMNS, TIMESTAMP_TYPE, Bars
from domain.market.resolution import Resolution
from domain.market.validation import validate, validate_actions
from service.market_data.errors import UnreadableFile
from service.market_data.session_range import spelled

SUFFIX = ".parquet"
ENTRY_KEY = "backtape"
ROWS_PER_GROUP = 1 << 18
_ROW = "row"
SCHEMA = {"timestamp": TIMESTAMP_TYPE} | dict.fromkeys(COLUMNS[1:], pl.Float64())
ACTION_SCHEMA = {name: SCHEMA.get(name, pl.Float64()) for name in ACTION_COLUMNS}
TIME_MIN, TIME_MAX = -(2**63), 2**63 - 1


class Entry(msgspec.Struct, frozen=True):
    """What one file of the catalog holds; kept in its footer.

    ``first``, ``last``: the timestamps of its first and last bar, microseconds UTC.
    """

    symbol: str
    resolution: Resolution
    bars: int
    first: int
    last: int

    def span(self) -> str:
        """Its resolution and dates, e.g. ``day 2000-03-01 to 2013-03-01``."""
        first, last = (spelled(time, self.resolution) for time in (self.first, self.last))
        return f"{self.resolution.value} {first} to {last}"


def replace_file(path: Path, frame: pl.DataFrame, **summary: str) -> None:
    """Write ``frame`` beside ``path``, flush it to the disk, then rename the file to ``path``.

    ``summary`` is kept in the file's footer.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{secrets.token_hex(8)}.draft")
    try:
        with draft.open("xb") as file:
            frame.write_parquet(file, row_group_size=ROWS_PER_GROUP, metadata=summary)
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def opened(catalog: Path, path: Path) -> Iterator[BinaryIO]:
    """Open a file of the catalog: one inode, however often ``path`` is replaced meanwhile.

    What goes wrong inside is raised as ``UnreadableFile``, naming the file within ``catalog``.
    """
    try:
        with path.open("rb") as file:
            yield file
    except (OSError, ValueError, PolarsError, PanicException) as error:
        reason = str(getattr(error, "strerror", None) or error).partition("\n")[0]
        raise UnreadableFile(
            f"{path.relative_to(catalog)} in the catalog cannot be read: {reason};"
            " delete it or import it again with `backtape data import`"
        ) from error


def read_entry(file: BinaryIO, symbol: str, resolution: Resolution) -> Entry:
    """Read the footer, and check that it speaks of what the file's name says.

    A file without our footer was put there by hand: all of its bars are read and checked, each
    time. Raises ``ValueError``, and ``InvalidBars`` naming the row and the rule.
    """
    summary = pl.read_parquet_metadata(file).get(ENTRY_KEY)
    if summary is None:
        return _checked_entry(file, symbol, resolution)
    entry = msgspec.json.decode(summary, type=Entry)
    if (entry.symbol, entry.resolution) != (symbol, resolution):
        raise ValueError(f"it holds {entry.symbol} {entry.resolution.value} bars")
    return entry


def _checked_entry(file: BinaryIO, symbol: str, resolution: Resolution) -> Entry:
    _require_columns(file, SCHEMA)
    bars = read_range(file, symbol, TIME_MIN, TIME_MAX)
    validate(bars, resolution)
    return Entry(symbol, resolution, len(bars), int(bars.timestamp[0]), int(bars.timestamp[-1]))


def _require_columns(file: BinaryIO, expected: Mapping[str, pl.DataType]) -> None:
    file.seek(0)
    found = pl.read_parquet_schema(file)
    if any(found.get(name) != kind for name, kind in expected.items()):
        raise ValueError(
            f"its columns are not {', '.join(f'{name} {kind}' for name, kind in expected.items())}"
        )


def read_action_rows(file: BinaryIO, symbol: str) -> Actions:
    """Read a symbol's corporate actions and check them. Raises ``ValueError``, ``InvalidActions``.

    They are few: all of them are checked each time.
    """
    _require_columns(file, ACTION_SCHEMA)
    file.seek(0)
    actions = Actions.from_frame(symbol, pl.read_parquet(file))
    validate_actions(actions)
    return actions


def read_range(file: BinaryIO, symbol: str, start: int, end: int) -> Bars:
    """Read the bars with start ≤ timestamp ≤ end (microseconds); memory-mapped, skipping groups.

    Raises ``ValueError`` where they are not one after the other.
    """
    file.seek(0)
    first, last = (pl.lit(time, dtype=pl.Int64).cast(TIMESTAMP_TYPE) for time in (start, end))
    within = pl.col("timestamp").is_between(first, last)
    scan = pl.scan_parquet(file, row_index_name=_ROW)
    found = scan.filter(within).select(_ROW, pl.col("timestamp").to_physical()).collect()
    count, rows, timestamp = len(found), found[_ROW], found["timestamp"]
    offset = rows[0] if count else 0
    if count and rows[-1] - offset + 1 != count:
        raise ValueError("its timestamps are not in order")
    there = pl.scan_parquet(file).slice(offset, count)
    # A column at a time, so that only one of them exists twice.
    prices = (there.select(name).collect()[name] for name in COLUMNS[1:])
    columns = (np.ascontiguousarray(column.to_numpy()) for column in (timestamp, *prices))
    return Bars(symbol, *columns)
