"""A table from a CSV or Parquet file, and where in the file a row of it stands."""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import polars as pl
from polars.exceptions import ComputeError, PanicException, PolarsError

from service.market_data.errors import RejectedFile

DELIMITERS = ",;\t|"
SNIFFED_BYTES = 4096


class Table(msgspec.Struct, frozen=True):
    """The rows of ``path``: of CSV as text, of Parquet as they are typed. Blank lines are no rows.

    ``delimiter`` is empty for Parquet.
    """

    path: Path
    frame: pl.DataFrame
    delimiter: str

    def place(self, row: int) -> str:
        """Name the file and, for CSV, the line where data row ``row`` (from 1; 0: none) ends."""
        if not row or not self.delimiter:
            return self.path.name
        records = _records(self.path, self.delimiter)
        line, _ = next(islice(records, row, None))
        return f"{self.path.name}, line {line}"


def read_table(path: Path) -> Table:
    """Read ``path``, told apart by its first bytes: Parquet, or text in columns with a header.

    The text is UTF-8, separated by whichever of ``DELIMITERS`` its header has most of. Raises
    ``RejectedFile``.
    """
    try:
        table = _read(path)
    except (OSError, PolarsError, PanicException) as error:
        reason = str(getattr(error, "strerror", None) or error).partition("\n")[0]
        raise RejectedFile(f"{path.name}: {reason}") from error
    if table.frame.is_empty():
        raise RejectedFile(f"{path.name}: it holds no rows")
    return table


def _read(path: Path) -> Table:
    with path.open("rb") as file:
        opening = file.read(SNIFFED_BYTES)
    if opening.startswith(b"PAR1"):
        return Table(path, pl.read_parquet(path), "")
    if b"\0" in opening:
        raise RejectedFile(f"{path.name}: neither Parquet nor UTF-8 text; unpack or export it")
    return _read_text(path, opening)


def _read_text(path: Path, opening: bytes) -> Table:
    header = opening.partition(b"\n")[0].decode("utf-8-sig", errors="replace")
    delimiter = max(DELIMITERS, key=header.count)
    try:
        frame = pl.read_csv(path, separator=delimiter, infer_schema=False)
    except ComputeError:
        _refuse_long_records(path, delimiter)
        raise
    return Table(path, frame.filter(~pl.all_horizontal(pl.all().is_null())), delimiter)


def _refuse_long_records(path: Path, delimiter: str) -> None:
    records = _records(path, delimiter)
    _, header = next(records)
    for line, fields in records:
        if len(fields) > len(header):
            raise RejectedFile(
                f"{path.name}, line {line}: {len(fields)} fields; the header has {len(header)}"
            )


def _records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as text:
        reader = csv.reader(text, delimiter=delimiter)
        yield from ((reader.line_num, fields) for fields in reader if any(fields))
