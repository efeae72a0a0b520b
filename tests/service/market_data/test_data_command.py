"""`backtape data`, from the command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from domain.market.resolution import Resolution
from service.cli.data import app
from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from tests.service.market_data.building import at, bars_at

HEADER = "Date,Open,High,Low,Close,Volume\n"
SAMPLE = ["AAPL", "GOOG", "IBM", "MSFT"]


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.csv"
    file.write_text(HEADER + "2024-01-02,1,3,0.5,2,10\n2024-01-03,1,3,0.5,2,10\n")
    return file


def _run(tmp_path: Path, *arguments: object) -> Result:
    line = [*map(str, arguments), "--data-dir", str(tmp_path / "var")]
    return CliRunner().invoke(app, line)


def test_a_file_is_imported_listed_and_loadable(tmp_path: Path, prices: Path) -> None:
    imported = _run(tmp_path, "import", prices, "--symbol", "BTC/USDT", "--resolution", "day")
    assert imported.exit_code == 0
    for shown in (imported.stdout, _run(tmp_path, "list").stdout):
        for word in ("BTC/USDT", "day", "2", "2024-01-02", "2024-01-03"):
            assert word in shown
    catalog = Catalog(tmp_path / "var" / "market")
    assert len(catalog.load("BTC/USDT", Resolution.DAY, 0, at("2025-01-01"), "UTC").bars) == 2


def test_the_timezone_is_that_of_naive_times(tmp_path: Path, prices: Path) -> None:
    prices.write_text(HEADER + "2024-01-02 09:30,1,1,1,1,1\n")
    arguments = ("--symbol", "SPY", "--resolution", "minute", "--timezone", "America/New_York")
    assert _run(tmp_path, "import", prices, *arguments).exit_code == 0
    (entry,) = Catalog(tmp_path / "var" / "market").entries()
    assert entry.first == at("2024-01-02T14:30")


def test_notes_go_to_stderr(tmp_path: Path, prices: Path) -> None:
    prices.write_text("date,open,high,low,close,vwap\n2024-01-02,1,1,1,1,1\n")
    result = _run(tmp_path, "import", prices, "--symbol", "SPY", "--resolution", "day")
    assert result.exit_code == 0
    assert "prices.csv: there is no volume column" in result.stderr
    assert "prices.csv: ignored columns: vwap" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--symbol", "A"], "prices.csv, line 3: A, row 2: timestamps must increase; found"),
        (["--symbol", "^GSPC"], "'^GSPC' is a symbol that no backtest can ask for"),
        (["--symbol", "A", "--timezone", "Mars"], "unknown timezone 'Mars'; use an IANA name"),
    ],
)
def test_a_refusal_is_exit_code_1_and_changes_nothing(
    tmp_path: Path, prices: Path, arguments: list[str], message: str
) -> None:
    prices.write_text(HEADER + "2024-01-02,1,3,0.5,2,10\n2024-01-02,1,3,0.5,2,10\n")
    result = _run(tmp_path, "import", prices, "--resolution", "day", *arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "an ending, not a traceback"
    assert message in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "var").exists()


def test_wrong_usage_is_exit_code_2(tmp_path: Path, prices: Path) -> None:
    week = _run(tmp_path, "import", prices, "--symbol", "A", "--resolution", "week")
    absent = _run(tmp_path, "import", tmp_path / "no", "--symbol", "A", "--resolution", "day")
    assert (week.exit_code, absent.exit_code) == (2, 2)


def test_an_empty_catalog_is_no_error(tmp_path: Path) -> None:
    result = _run(tmp_path, "list")
    assert result.exit_code == 0
    assert "the catalog is empty" in result.stderr


def test_a_damaged_catalog_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "market" / "day"
    folder.mkdir(parents=True)
    (folder / "AAPL.parquet").write_bytes(b"")
    result = _run(tmp_path, "list")
    assert result.exit_code == 1
    assert "day/AAPL.parquet in the catalog cannot be read" in result.stderr


def test_a_wrong_setting_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKTAPE_PORT", "many")
    result = _run(tmp_path, "list")
    assert result.exit_code == 1
    assert "BACKTAPE_PORT" in result.stderr


def test_the_sample_is_complete(catalog: Catalog) -> None:
    entries = import_sample(catalog)
    assert [entry.symbol for entry in entries] == SAMPLE
    assert [entry.bars for entry in entries] == [3270, 2148, 3270, 3270]
    assert {entry.last for entry in entries} == {at("2013-03-01")}
    assert catalog.entries() == entries


def test_the_sample_never_replaces_what_a_user_imported(catalog: Catalog) -> None:
    own = catalog.write(bars_at("IBM", "2024-01-02"), Resolution.DAY)
    assert [entry.symbol for entry in import_sample(catalog)] == ["AAPL", "GOOG", "MSFT"]
    assert own in catalog.entries()
    assert import_sample(catalog) == []


def test_the_sample_command_may_be_repeated(tmp_path: Path) -> None:
    first, second = _run(tmp_path, "sample"), _run(tmp_path, "sample")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "3,270" in first.stdout
    assert "nothing to do" in second.stderr


def test_a_real_process_reads_the_data_folder_from_its_environment(tmp_path: Path) -> None:
    environment = {**os.environ, "BACKTAPE_DATA_DIR": str(tmp_path / "elsewhere")}
    command = [sys.executable, "-c", "from service.cli.data import app; app()", "sample"]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert Catalog(tmp_path / "elsewhere" / "market").symbols() == SAMPLE


def test_the_commands_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, service.cli.data;"
        "print({'polars', 'numpy', 'numba', 'msgspec'} & set(sys.modules))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert finished.stdout == "set()\n"
