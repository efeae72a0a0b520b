"""Splits and dividends from files, into the catalog and back."""

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from domain.market.bars import TIMESTAMP_TYPE
from domain.market.resolution import Resolution
from domain.market.validation import InvalidActions
from service.cli.data import app
from service.market_data.action_importer import read_actions
from service.market_data.catalog import Catalog
from service.market_data.errors import RejectedFile, UnreadableFile
from tests.service.market_data.building import at, bars_at

AAPL = """\
Date,Dividends,Stock Splits
2000-06-21 00:00:00-04:00,0.0,2.0
2012-08-09 00:00:00-04:00,2.65,0.0
2014-06-09 00:00:00-04:00,0.0,7.0
"""
RATIO = "split must be a number, or a ratio of two above 0 such as 7:1"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "actions.csv"
    path.write_text(AAPL)
    return path


def rejection(file: Path, content: str) -> str:
    file.write_text(content)
    with pytest.raises(RejectedFile) as caught:
        read_actions(file, "AAPL")
    return str(caught.value)


def test_what_yahoo_finance_writes_is_read(file: Path) -> None:
    actions = read_actions(file, "AAPL").actions
    assert actions.timestamp.tolist() == [at("2000-06-21"), at("2012-08-09"), at("2014-06-09")]
    assert actions.split.tolist() == [2.0, 1.0, 7.0]
    assert actions.dividend.tolist() == [0.0, 2.65, 0.0]


@pytest.mark.parametrize("split", ["7", "7.0", " 7:1 ", "7/1", "14:2"])
def test_a_split_is_a_number_or_a_ratio(file: Path, split: str) -> None:
    file.write_text(f"ex_date,split\n2014-06-09,{split}\n2020-08-31,1:4\n")
    assert read_actions(file, "AAPL").actions.split.tolist() == [7.0, 0.25]


def test_the_bounds_themselves_are_taken(file: Path) -> None:
    file.write_text("date,split,dividend\n2014-06-09,1000000,1e9\n2020-08-31,1:1000000,\n")
    actions = read_actions(file, "AAPL").actions
    assert (actions.split.tolist(), actions.dividend.tolist()) == ([1e6, 1e-6], [1e9, 0.0])


def test_an_empty_cell_is_none_and_a_row_of_nothing_is_left_out(file: Path) -> None:
    file.write_text("date,split,dividend,note\n2014-06-09,7,,\n2014-06-10,,0,\n2014-08-07,,0.47,\n")
    imported = read_actions(file, "AAPL")
    assert imported.actions.split.tolist() == [7.0, 1.0]
    assert imported.actions.dividend.tolist() == [0.0, 0.47]
    assert imported.notes == (
        "ignored columns: note",
        "rows without a split or a dividend, left out: 1",
    )


def test_parquet_is_read_as_it_is_typed(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "actions.parquet"
    expected = read_actions(file, "AAPL").actions
    expected.frame().write_parquet(path)
    assert read_actions(path, "AAPL").actions.sha256() == expected.sha256()


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("2014-06-10,x,0", f"{RATIO}; found 'x'"),
        ("2014-06-10,1:x,0", f"{RATIO}; found '1:x'"),
        ("2014-06-10,1:0,0", f"{RATIO}; found '1:0'"),
        ("2014-06-10,0:1,0", f"{RATIO}; found '0:1'"),
        ("2014-06-10,-2:-1,0", f"{RATIO}; found '-2:-1'"),
        ("2014-06-10,inf:1,0", f"{RATIO}; found 'inf:1'"),
        ("2014-06-10,1:1e400,0", f"{RATIO}; found '1:1e400'"),
        ("2014-06-10,nan:nan,0", f"{RATIO}; found 'nan:nan'"),
        ("2014-06-10,1:2:3,0", f"{RATIO}; found '1:2:3'"),
        ("2014-06-10,inf,0", "split must be finite; found split inf"),
        ("2014-06-10,-2,0", "split must be above 0; found split -2.0"),
        ("2014-06-10,1e7,0", "split must be from 1/1,000,000 to 1,000,000; found split 10000000.0"),
        ("2014-06-10,1:1e7,0", "split must be from 1/1,000,000 to 1,000,000; found split 1e-07"),
        ("2014-06-10,1,1e300", "dividend must be at most 1,000,000,000; found dividend 1e+300"),
        ("2014-06-10,1,-inf", "dividend must be finite; found dividend -inf"),
        ("2014-06-10,1,1:2", "dividend must be a number; found '1:2'"),
        ("2014-06-10,1,nan", "dividend must be finite; found dividend nan"),
        ("2014-06-10,1,-1", "dividend must be at least 0; found dividend -1.0"),
        ("soon,2,0", "times must look like"),
        ("2014-06-09,1,1", "dates must increase, a row for each; found 2014-06-09"),
        ("2014-06-08,1,1", "dates must increase, a row for each; found 2014-06-08"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named_with_its_line(file: Path, row: str, rule: str) -> None:
    message = rejection(file, f"date,split,dividend\n2014-06-09,7,0\n\n{row}\n")
    assert message.startswith(f"actions.csv, line 4: AAPL, row 2: {rule}")


def test_a_file_without_actions_is_refused(file: Path) -> None:
    assert "there must be at least one action" in rejection(file, "date,split\n2014-06-09,1\n")
    assert "no column split or dividend; found date" in rejection(file, "date\n2014-06-09\n")
    assert "no column of dates" in rejection(file, "split\n2\n")


@pytest.mark.parametrize(
    "header", ["date,split,Split", "date,dividends,Dividend", "date,time,split"]
)
def test_two_columns_of_one_kind_are_refused(file: Path, header: str) -> None:
    message = rejection(file, f"{header}\n2014-06-09,2,3\n")
    assert "actions.csv: several columns of one kind, " in message
    assert message.endswith(": keep one of them")


def test_what_is_written_is_read_back_and_is_no_price(catalog: Catalog, file: Path) -> None:
    actions = read_actions(file, "BRK/B").actions
    catalog.write_actions(actions)
    assert catalog.actions("BRK/B").sha256() == actions.sha256()
    assert catalog.acting_symbols() == ["BRK/B"]
    assert catalog.symbols() == []
    assert len(catalog.actions("AAPL")) == 0


def test_a_file_has_the_documented_name_and_columns(
    catalog: Catalog, file: Path, tmp_path: Path
) -> None:
    catalog.write_actions(read_actions(file, "BRK/B").actions)
    frame = pl.read_parquet(tmp_path / "market" / "actions" / "BRK%2FB.parquet")
    assert dict(frame.schema) == {
        "timestamp": TIMESTAMP_TYPE,
        "split": pl.Float64(),
        "dividend": pl.Float64(),
    }


def test_a_file_put_there_by_hand_is_checked_at_every_use(
    catalog: Catalog, file: Path, tmp_path: Path
) -> None:
    catalog.write_actions(read_actions(file, "AAPL").actions)
    path = tmp_path / "market" / "actions" / "AAPL.parquet"
    frame = pl.read_parquet(path)
    frame.reverse().write_parquet(path)
    with pytest.raises(InvalidActions, match="AAPL, row 2: dates must increase"):
        catalog.actions("AAPL")
    frame.drop("dividend").write_parquet(path)
    with pytest.raises(UnreadableFile, match=r"actions/AAPL\.parquet.*its columns are not"):
        catalog.actions("AAPL")
    path.write_bytes(b"")
    with pytest.raises(UnreadableFile, match=r"actions/AAPL\.parquet in the catalog cannot be"):
        catalog.actions("AAPL")


def test_the_command_imports_and_the_list_shows(tmp_path: Path, file: Path) -> None:
    folder = ["--data-dir", str(tmp_path / "var")]
    result = CliRunner().invoke(app, ["import-actions", str(file), "--symbol", "AAPL", *folder])
    assert result.exit_code == 0
    Catalog(tmp_path / "var" / "market").write(bars_at("AAPL", "2014-06-09"), Resolution.DAY)
    listed = CliRunner().invoke(app, ["list", *folder])
    for shown in (result.stdout, listed.stdout):
        (line,) = (line for line in shown.splitlines() if "2000-06-21" in line)
        assert line.replace("│", " ").split() == ["AAPL", "2", "1", "2000-06-21", "2014-06-09"]


def test_a_refused_file_changes_nothing(tmp_path: Path, file: Path) -> None:
    folder = ["--data-dir", str(tmp_path / "var")]
    file.write_text("date,split\n2014-06-09,-7\n")
    result = CliRunner().invoke(app, ["import-actions", str(file), "--symbol", "AAPL", *folder])
    assert result.exit_code == 1
    assert "actions.csv, line 2: AAPL, row 1: split must be above 0" in result.stderr
    assert not (tmp_path / "var").exists()
