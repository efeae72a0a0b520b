"""Tables are written frame by frame, and whoever reads the form finds them whole."""

import io
import json
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import polars as pl
import pytest

from domain.market.bars import TIMESTAMP_TYPE
from service.parts.forms import FORMS, ROW_GROUP_ROWS, FormName

SCHEMA: dict[str, Any] = {
    "timestamp": TIMESTAMP_TYPE,
    "symbol": pl.String,
    "quantity": pl.Float64,
    "order_id": pl.Int64,
}
EMPTY = pl.DataFrame(schema=SCHEMA)
TEXTS = ['plain "quoted", and more', None, "", "two\nlines", "Zürich \u2028 \U0001f4c8", "=1+1"]


def frame(start: int, rows: int) -> pl.DataFrame:
    """Rows that differ, with every kind of text and number between them."""
    numbers = range(start, start + rows)
    return pl.DataFrame(
        {
            "timestamp": pl.Series([n * 86_400_000_000 + n for n in numbers]).cast(TIMESTAMP_TYPE),
            "symbol": [TEXTS[n % len(TEXTS)] for n in numbers],
            "quantity": [None if n % 7 == 3 else n / 3 * 10.0 ** (n % 40 - 20) for n in numbers],
            "order_id": [n * 2**40 for n in numbers],
        },
        SCHEMA,
    )


def written(form: FormName, frames: Iterable[pl.DataFrame]) -> bytes:
    file = io.BytesIO()
    FORMS[form].write(frames, EMPTY, file)
    return file.getvalue()


def _from_json(body: bytes) -> pl.DataFrame:
    return _with_moments(json.loads(body))


def _from_ndjson(body: bytes) -> pl.DataFrame:
    assert body.endswith(b"\n") or not body
    return _with_moments([json.loads(line) for line in body.split(b"\n")[:-1]])


def _from_csv(body: bytes) -> pl.DataFrame:
    texts = {**SCHEMA, "timestamp": pl.String}
    table = pl.read_csv(body, schema=texts)
    return _with_moments(table.rows(named=True))


def _with_moments(rows: list[dict[str, Any]]) -> pl.DataFrame:
    table = pl.DataFrame(rows, {**SCHEMA, "timestamp": pl.String})
    moments = pl.col("timestamp").str.to_datetime(time_unit="us", time_zone="UTC")
    return table.with_columns(moments)


READ: dict[FormName, Callable[[bytes], pl.DataFrame]] = {
    "json": _from_json,
    "ndjson": _from_ndjson,
    "csv": _from_csv,
    "parquet": lambda body: pl.read_parquet(io.BytesIO(body)),
    "arrow": lambda body: pl.read_ipc_stream(io.BytesIO(body)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sizes", [[], [1], [5, 1, 300], [30_000, 10_000, 7]])
def test_what_is_read_is_what_was_written(form: FormName, sizes: list[int]) -> None:
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    frames = [frame(start, rows) for start, rows in zip(starts, sizes, strict=True)]
    found = READ[form](written(form, frames))
    assert found.schema == EMPTY.schema
    assert found.equals(pl.concat([EMPTY, *frames]))


@pytest.mark.parametrize("form", FORMS)
def test_no_more_than_a_few_frames_are_held(form: FormName) -> None:
    held: list[weakref.ref[pl.DataFrame]] = []

    def frames() -> Iterator[pl.DataFrame]:
        for number in range(60):
            given = frame(number * 2_000, 2_000)
            held.append(weakref.ref(given))
            assert sum(each() is not None for each in held) <= ROW_GROUP_ROWS / 2_000 + 2
            yield given

    written(form, frames())
    assert len(held) == 60


def test_a_long_parquet_file_has_several_row_groups() -> None:
    file = io.BytesIO(written("parquet", [frame(0, 50_000), frame(50_000, 50_000)]))
    assert pl.scan_parquet(file).select(pl.len()).collect().item() == 100_000
    assert file.getvalue().count(b"PAR1") == 2


def test_an_arrow_stream_has_one_schema_and_one_end() -> None:
    body = written("arrow", [frame(0, 3), frame(3, 3)])
    assert body.count(b"order_id") == 1
    assert body.endswith(b"\xff\xff\xff\xff\0\0\0\0")


def test_csv_has_moments_as_json_has_them() -> None:
    rows = frame(1, 2)
    lines = written("csv", [rows]).decode().splitlines()
    assert lines[0] == "timestamp,symbol,quantity,order_id"
    first = json.loads(written("json", [rows]))[0]["timestamp"]
    assert lines[1].startswith(first + ",")
    assert first == "1970-01-02T00:00:00.000001+00:00"
