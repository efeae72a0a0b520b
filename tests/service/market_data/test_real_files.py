"""Files of real bars, as a vendor published them, survive the import."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from domain.market.bars import COLUMNS
from domain.market.resolution import Resolution
from service.market_data.catalog import Catalog
from service.market_data.importers import read_file
from tests.service.market_data.building import REAL_FILES

FILES = sorted(REAL_FILES.glob("*.parquet"))


@pytest.mark.skipif(not FILES, reason="no folder of real files beside the project")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_real_file_is_imported_row_by_row(catalog: Catalog, file: Path) -> None:
    symbol, _, name = file.stem.rpartition("_")
    bars = read_file(file, symbol, Resolution(name), "America/New_York").bars
    catalog.write(bars, Resolution(name))
    first, last = int(bars.timestamp[0]), int(bars.timestamp[-1])
    loaded = catalog.load(symbol, Resolution(name), first, last, "UTC").bars
    frame = pl.read_parquet(file)
    if "price" in frame.columns:
        prices = {name: pl.col("price") for name in COLUMNS[1:5]}
        frame = frame.with_columns(**prices, volume=pl.col("size"))
    for name in COLUMNS:
        expected = frame[name].to_physical().to_numpy()
        np.testing.assert_array_equal(getattr(loaded, name), expected)


@pytest.mark.skipif(not FILES, reason="no folder of real files beside the project")
def test_a_real_file_survives_the_way_through_csv(tmp_path: Path) -> None:
    file = REAL_FILES / "SPY_tick.parquet"
    ticks = read_file(file, "SPY", Resolution.TICK, "UTC").bars
    pl.read_parquet(file).write_csv(tmp_path / "SPY.csv")
    again = read_file(tmp_path / "SPY.csv", "SPY", Resolution.TICK, "UTC").bars
    assert again.sha256() == ticks.sha256()
