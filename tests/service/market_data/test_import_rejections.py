"""What makes a file unfit, and that the refusal says where."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from domain.market.resolution import Resolution
from service.market_data.errors import RejectedFile
from service.market_data.importers import read_file

HEADER = "date,open,high,low,close,volume"
GOOD = "2024-01-02,1,3,0.5,2,10"


def _rejection(
    tmp_path: Path, content: str | bytes, resolution: Resolution = Resolution.DAY
) -> str:
    file = tmp_path / "prices.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(RejectedFile) as caught:
        read_file(file, "AAPL", resolution, "UTC")
    return str(caught.value)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("2024-01-03,1,3,0.5,N/A,10", "close must be a number; found 'N/A'"),
        ('2024-01-03,1,"3,000",0.5,2,10', "high must be a number; found '3,000'"),
        ("2024-01-03,,3,0.5,2,10", "open must be a number; found None"),
        ("2024-01-03,1,3,0.5,2,", "volume must be a number; found None"),
        ("2024-01-03,1,3,0.5", "close must be a number; found None"),
        ("2024-01-03,1,inf,0.5,2,10", "high must be finite; found high inf"),
        ("2024-01-03,1,3,nan,2,10", "low must be finite; found low nan"),
        ("2024-01-03,0,3,0,2,10", "open must be above 0; found open 0.0"),
        ("2024-01-03,1,3,-1,2,10", "low must be above 0; found low -1.0"),
        ("2024-01-03,1,1.5,0.5,2,10", "low ≤ open, close ≤ high must hold; found open 1.0"),
        ("2024-01-03,1,3,0.5,2,-1", "volume must be at least 0; found volume -1.0"),
        ("2024-01-02,1,3,0.5,2,10", "timestamps must increase; found 2024-01-02"),
        ("2024-01-01,1,3,0.5,2,10", "timestamps must increase; found 2024-01-01"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named(tmp_path: Path, row: str, rule: str) -> None:
    message = _rejection(tmp_path, f"{HEADER}\n{GOOD}\n{row}\n")
    assert message.startswith(f"prices.csv, line 3: AAPL, row 2: {rule}")


def test_lines_count_what_rows_do_not(tmp_path: Path) -> None:
    broken = '2024-01-03,1,3,0.5,"2\n2",10'
    message = _rejection(tmp_path, f"{HEADER}\n\n{GOOD}\n\n\n{broken}\n")
    assert message.startswith("prices.csv, line 7: AAPL, row 2: close must be a number")


def test_a_line_of_ignored_columns_is_a_row(tmp_path: Path) -> None:
    message = _rejection(tmp_path, f"{HEADER},name\n{GOOD},x\n,,,,,,x\n")
    assert message.startswith("prices.csv, line 3: AAPL, row 2: times must look like")


def test_a_line_with_too_many_fields_is_named(tmp_path: Path) -> None:
    message = _rejection(tmp_path, f"{HEADER}\n{GOOD}\n2024-01-03,1,3,0.5,2,10,11\n")
    assert message == "prices.csv, line 3: 7 fields; the header has 6"


def test_a_row_of_parquet_is_named(tmp_path: Path) -> None:
    dates = pl.date_range(pl.date(2024, 1, 2), pl.date(2024, 1, 4), eager=True)
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), pl.Series([1.0, None, 1.0]))
    file = tmp_path / "prices.parquet"
    pl.DataFrame({"date": dates, **prices}).write_parquet(file)
    with pytest.raises(RejectedFile, match=r"^prices\.parquet: AAPL, row 2: open must be a number"):
        read_file(file, "AAPL", Resolution.DAY, "UTC")


@pytest.mark.parametrize(
    ("resolution", "length"), [(Resolution.HOUR, "an hour"), (Resolution.MINUTE, "a minute")]
)
def test_bars_closer_than_their_length_are_of_another_resolution(
    tmp_path: Path, resolution: Resolution, length: str
) -> None:
    times = ["09:30:00", "10:30:00", "10:30:30"]
    rows = "".join(f"2024-01-02T{time},1,1,1,1,1\n" for time in times)
    assert _rejection(tmp_path, f"{HEADER}\n{rows}", resolution) == (
        f"prices.csv, line 4: AAPL, row 3: {resolution.value} bars must be {length} or more apart;"
        " found 30 seconds; is it the right resolution?"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "empty CSV"),
        (f"{HEADER}\n", "it holds no rows"),
        (f"{HEADER}\n\n\n", "it holds no rows"),
        (f"{HEADER}\n{GOOD}\n".encode("utf-16"), "neither Parquet nor UTF-8 text"),
        (gzip.compress(GOOD.encode() * 99), "neither Parquet nor UTF-8 text"),
        (f"{HEADER}\n2024-01-02,1,3,0.5,2,".encode() + b"\xff\n", "invalid utf-8"),
        (b"PAR1 and then nothing of the kind", "parquet: "),
    ],
)
def test_what_is_no_table_is_rejected(tmp_path: Path, content: str | bytes, problem: str) -> None:
    assert _rejection(tmp_path, content).startswith(f"prices.csv: {problem}")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RejectedFile, match=r"^absent\.csv: No such file"):
        read_file(tmp_path / "absent.csv", "AAPL", Resolution.DAY, "UTC")
