"""Segments to bytes and back."""

import msgspec
import polars as pl
import pytest

from domain.engine import tape
from tests.domain.engine.building import bars, run_script


@pytest.fixture(scope="module")
def segment() -> dict[str, pl.DataFrame]:
    outcome = run_script([bars("A", [10] * 5, [10] * 5)], [[0.5, None, 0, None, 1]])
    return {name: outcome.table(name) for name in tape.TABLES}


def test_there_and_back(segment: dict[str, pl.DataFrame]) -> None:
    decoded = tape.decode(tape.encode(segment))
    assert list(decoded) == list(tape.TABLES)
    for name, table in decoded.items():
        assert table.equals(segment[name])
        assert dict(table.schema) == tape.TABLES[name]


def test_the_engine_fills_every_table_with_its_columns(segment: dict[str, pl.DataFrame]) -> None:
    assert [name for name, table in segment.items() if table.is_empty()] == ["benchmark"]
    assert segment["fills"]["rule"].unique().to_list() == ["open"]
    assert segment["orders"]["type"].unique().to_list() == ["market"]


def test_empty_tables_are_left_out_and_come_back_empty() -> None:
    empty = {name: pl.DataFrame(schema=schema) for name, schema in tape.TABLES.items()}
    assert msgspec.msgpack.decode(tape.encode(empty)) == {}
    for name, table in tape.decode(tape.encode({})).items():
        assert table.is_empty()
        assert dict(table.schema) == tape.TABLES[name]


def test_only_the_asked_tables_are_read(segment: dict[str, pl.DataFrame]) -> None:
    assert list(tape.decode(tape.encode(segment), ["fills"])) == ["fills"]


def test_the_same_segment_gives_the_same_bytes_in_whatever_order_its_tables_come(
    segment: dict[str, pl.DataFrame],
) -> None:
    copies = {name: table.clone().rechunk() for name, table in reversed(segment.items())}
    assert tape.encode(copies) == tape.encode(segment)
