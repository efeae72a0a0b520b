"""Segments to bytes and back."""

import msgspec
import polars as pl
import pytest

from domain.engine import tape
from tests.domain.engine.building import actions, bars, run_script


@pytest.fixture(scope="module")
def segment() -> dict[str, pl.DataFrame]:
    prices = [10.0] * 5
    outcome = run_script(
        [bars("A", prices, prices)],
        [[0.5, None, 0, None, 1]],
        actions=[actions("A", (2, 2.0, 0.1))],
        benchmark=bars("B", prices, prices),
        benchmark_symbol="B",
    )
    return {name: outcome.table(name) for name in tape.TABLES}


def test_there_and_back(segment: dict[str, pl.DataFrame]) -> None:
    decoded = tape.decode(tape.encode(segment))
    assert list(decoded) == list(tape.TABLES)
    for name, table in decoded.items():
        assert table.equals(segment[name])
        assert dict(table.schema) == tape.TABLES[name]


def test_the_engine_fills_every_table_with_its_columns(segment: dict[str, pl.DataFrame]) -> None:
    assert [name for name, table in segment.items() if table.is_empty()] == ["recorded"]
    assert segment["fills"]["rule"].unique().to_list() == ["open"]
    assert segment["orders"]["type"].unique().to_list() == ["market"]


def test_a_column_that_came_later_is_null_in_what_was_written_before(
    segment: dict[str, pl.DataFrame],
) -> None:
    before = segment["fills"].drop("reasoning", "confidence")
    fills = tape.decode(tape.encode({"fills": before}))["fills"]
    assert dict(fills.schema) == tape.TABLES["fills"]
    assert fills.equals(
        before.with_columns(
            pl.lit(None, pl.String).alias("reasoning"), pl.lit(None, pl.Float64).alias("confidence")
        )
    )


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
