"""What the catalog writes, and how it names and lists it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from domain.market.bars import COLUMNS, TIMESTAMP_TYPE
from domain.market.resolution import Resolution
from service.market_data.catalog import Catalog
from service.market_data.parquet import Entry
from tests.service.market_data.building import at, bars_at

DAY, MINUTE = Resolution.DAY, Resolution.MINUTE

# Writes 200,000 bars again and again, each time with one price throughout: 1, 2, 3 …
REWRITING = """
import sys
from itertools import count
from pathlib import Path
import numpy as np
from domain.market.bars import Bars
from domain.market.resolution import Resolution
from service.market_data.catalog import Catalog

catalog, timestamp = Catalog(Path(sys.argv[1])), np.arange(200_000)
for price in count(1):
    prices = np.full(len(timestamp), float(price))
    catalog.write(Bars("AAPL", timestamp, *(prices,) * 5), Resolution.MINUTE)
    if price == 1:
        print("written", flush=True)
"""


def test_what_is_written_is_read_back(catalog: Catalog) -> None:
    bars = bars_at("AAPL", "2024-01-02", "2024-01-03", "2024-01-05")
    catalog.write(bars, DAY)
    loaded = catalog.load("AAPL", DAY, at("2024-01-02"), at("2024-01-05"), "UTC")
    assert loaded.source is DAY
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(loaded.bars, name), getattr(bars, name))
        assert getattr(loaded.bars, name).flags.c_contiguous


def test_a_file_has_the_documented_name_and_columns(catalog: Catalog, tmp_path: Path) -> None:
    catalog.write(bars_at("AAPL", "2024-01-02"), DAY)
    frame = pl.read_parquet(tmp_path / "market" / "day" / "AAPL.parquet")
    assert dict(frame.schema) == {
        "timestamp": TIMESTAMP_TYPE,
        **dict.fromkeys(COLUMNS[1:], pl.Float64()),
    }


def test_an_import_replaces_what_was_there(catalog: Catalog) -> None:
    catalog.write(bars_at("AAPL", "2024-01-02", "2024-01-03"), DAY)
    catalog.write(bars_at("AAPL", "2024-02-01"), DAY)
    assert catalog.entries() == [Entry("AAPL", DAY, 1, at("2024-02-01"), at("2024-02-01"))]


@pytest.mark.parametrize(
    "symbol",
    [
        "BTC/USDT",
        "^GSPC",
        "..",
        ".",
        "../../AAPL",
        "/etc/passwd",
        "A\\B",
        "50%",
        "a.parquet",
        "é:=*?",
    ],
)
def test_no_symbol_leaves_its_folder(catalog: Catalog, tmp_path: Path, symbol: str) -> None:
    catalog.write(bars_at(symbol, "2024-01-02"), DAY)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert file.parent == tmp_path / "market" / "day"
    assert catalog.symbols() == [symbol]
    assert len(catalog.load(symbol, DAY, at("2024-01-01"), at("2024-01-31"), "UTC").bars) == 1


def test_entries_come_by_symbol_then_finest_first(catalog: Catalog) -> None:
    catalog.write(bars_at("MSFT", "2024-01-02"), DAY)
    catalog.write(bars_at("AAPL", "2024-01-02", "2024-01-04"), DAY)
    catalog.write(bars_at("AAPL", "2024-01-02T14:30", "2024-01-02T14:31"), MINUTE)
    assert catalog.entries() == [
        Entry("AAPL", MINUTE, 2, at("2024-01-02T14:30"), at("2024-01-02T14:31")),
        Entry("AAPL", DAY, 2, at("2024-01-02"), at("2024-01-04")),
        Entry("MSFT", DAY, 1, at("2024-01-02"), at("2024-01-02")),
    ]
    assert catalog.symbols() == ["AAPL", "MSFT"]


def test_a_catalog_without_a_folder_is_empty(catalog: Catalog) -> None:
    assert catalog.entries() == []
    assert catalog.symbols() == []


def test_a_failed_write_leaves_the_old_file_and_no_draft(catalog: Catalog, tmp_path: Path) -> None:
    catalog.write(bars_at("AAPL", "2024-01-02"), DAY)
    before = catalog.entries()
    blocked = tmp_path / "market" / "day" / "MSFT.parquet"
    blocked.mkdir()
    with pytest.raises(OSError, match="directory"):
        catalog.write(bars_at("MSFT", "2024-01-02"), DAY)
    blocked.rmdir()
    assert catalog.entries() == before
    assert [file.name for file in blocked.parent.iterdir()] == ["AAPL.parquet"]


def test_a_reader_never_sees_half_a_file(catalog: Catalog, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", REWRITING, str(tmp_path / "market")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "written\n"
            seen = {_price_throughout(catalog) for _ in range(40)}
        finally:
            writer.kill()
    assert len(seen) > 1, "the writer replaced the file while it was read"
    assert _price_throughout(catalog) >= max(seen)
    assert [entry.bars for entry in catalog.entries()] == [200_000]


def _price_throughout(catalog: Catalog) -> float:
    bars = catalog.load("AAPL", MINUTE, 0, 200_000, "UTC").bars
    assert len(bars) == 200_000
    (price,) = {price for name in COLUMNS[1:] for price in np.unique(getattr(bars, name))}
    return float(price)
