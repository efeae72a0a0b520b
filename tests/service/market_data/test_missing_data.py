"""What is said when the catalog has not what a run asks for."""

import pickle
from pathlib import Path

import polars as pl
import pytest

from domain.market.resolution import Resolution
from domain.market.validation import InvalidBars
from service.market_data.catalog import Catalog
from service.market_data.errors import MissingData, UnreadableFile
from tests.service.market_data.building import at, bars_at

DAY, MINUTE = Resolution.DAY, Resolution.MINUTE


def _missing(catalog: Catalog, resolution: Resolution = DAY, timezone: str = "UTC") -> MissingData:
    with pytest.raises(MissingData) as caught:
        catalog.load("AAPL", resolution, at("2024-01-01"), at("2024-12-31"), timezone)
    return caught.value


def test_an_empty_catalog_says_how_to_fill_it(catalog: Catalog) -> None:
    assert str(_missing(catalog)) == (
        "AAPL: no day bars from 2024-01-01 to 2024-12-31; the catalog is empty:"
        " import with `backtape data import` or `backtape data sample`"
    )


def test_an_unknown_symbol_is_told_which_there_are(catalog: Catalog) -> None:
    for symbol in ("MSFT", "IBM"):
        catalog.write(bars_at(symbol, "2024-01-02"), DAY)
    error = _missing(catalog)
    assert str(error) == (
        "AAPL: no day bars from 2024-01-01 to 2024-12-31;"
        " the catalog holds no AAPL; it has IBM, MSFT"
    )
    assert error.symbols == ("IBM", "MSFT")


def test_many_symbols_are_counted(catalog: Catalog) -> None:
    for number in range(17):
        catalog.write(bars_at(f"S{number:02}", "2024-01-02"), DAY)
    assert str(_missing(catalog)).endswith(
        "it has S00, S01, S02, S03, S04, S05, S06, S07, S08, S09 (and 7 more)"
    )


def test_other_dates_and_resolutions_are_named(catalog: Catalog) -> None:
    catalog.write(bars_at("AAPL", "2000-03-01", "2013-03-01"), DAY)
    catalog.write(bars_at("AAPL", "2014-06-05T08:15"), MINUTE)
    error = _missing(catalog)
    assert str(error) == (
        "AAPL: no day bars from 2024-01-01 to 2024-12-31; the catalog holds AAPL"
        " minute 2014-06-05T08:15:00+00:00 to 2014-06-05T08:15:00+00:00,"
        " day 2000-03-01 to 2013-03-01"
    )
    assert (error.symbol, error.resolution) == ("AAPL", DAY)
    assert (error.start, error.end) == (at("2024-01-01"), at("2024-12-31"))


def test_finer_bars_are_not_made_from_coarser_ones(catalog: Catalog) -> None:
    catalog.write(bars_at("AAPL", "2024-01-02"), DAY)
    assert "AAPL: no minute bars" in str(_missing(catalog, MINUTE))
    assert "the catalog holds AAPL day 2024-01-02 to 2024-01-02" in str(_missing(catalog, MINUTE))


def test_a_gap_in_the_finer_bars_is_missing_data(catalog: Catalog) -> None:
    catalog.write(bars_at("AAPL", "2023-12-31T12:00", "2025-01-01T12:00"), MINUTE)
    assert "AAPL: no day bars from 2024-01-01 to 2024-12-31" in str(_missing(catalog))


def test_missing_data_travels_between_processes(catalog: Catalog) -> None:
    catalog.write(bars_at("AAPL", "2000-03-01"), DAY)
    error = _missing(catalog)
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert copy.held == error.held == ("day 2000-03-01 to 2000-03-01",)


@pytest.mark.parametrize("damage", ["truncated", "emptied", "overwritten", "unreadable"])
def test_a_damaged_file_is_named(catalog: Catalog, tmp_path: Path, damage: str) -> None:
    catalog.write(bars_at("BTC/USDT", "2024-01-02"), DAY)
    file = tmp_path / "market" / "day" / "BTC%2FUSDT.parquet"
    whole = file.read_bytes()
    if damage == "unreadable":
        file.unlink()
        file.mkdir()
    else:
        broken = {"truncated": whole[:-20], "emptied": b"", "overwritten": b"date,open\n" * 50}
        file.write_bytes(broken[damage])
    named = r"^day/BTC%2FUSDT\.parquet in the catalog cannot be read: .+; delete it or import it"
    with pytest.raises(UnreadableFile, match=named):
        catalog.load("BTC/USDT", DAY, 0, at("2024-12-31"), "UTC")
    with pytest.raises(UnreadableFile, match=named):
        catalog.entries()


def test_a_damaged_file_harms_no_other_symbol(catalog: Catalog, tmp_path: Path) -> None:
    catalog.write(bars_at("AAPL", "2024-01-02"), DAY)
    (tmp_path / "market" / "day" / "MSFT.parquet").write_bytes(b"")
    assert len(catalog.load("AAPL", DAY, 0, at("2024-12-31"), "UTC").bars) == 1
    with pytest.raises(MissingData, match="the catalog holds no IBM; it has AAPL, MSFT"):
        catalog.load("IBM", DAY, 0, at("2024-12-31"), "UTC")


def _put_by_hand(folder: Path, frame: pl.DataFrame) -> None:
    (folder / "market" / "day").mkdir(parents=True)
    frame.write_parquet(folder / "market" / "day" / "AAPL.parquet")


def test_a_file_put_there_by_hand_is_as_good_as_its_bars(catalog: Catalog, tmp_path: Path) -> None:
    bars = bars_at("AAPL", "2024-01-02", "2024-01-03")
    _put_by_hand(tmp_path, bars.frame())
    assert catalog.load("AAPL", DAY, 0, at("2024-12-31"), "UTC").bars.sha256() == bars.sha256()
    assert [entry.bars for entry in catalog.entries()] == [2]


def test_a_file_put_there_by_hand_is_checked(catalog: Catalog, tmp_path: Path) -> None:
    frame = bars_at("AAPL", "2024-01-02", "2024-01-03").frame()
    _put_by_hand(tmp_path, frame.with_columns(volume=pl.Series([1.0, -1.0])))
    with pytest.raises(InvalidBars, match=r"AAPL.*row 2.*volume"):
        catalog.load("AAPL", DAY, 0, at("2024-12-31"), "UTC")


def test_a_file_with_other_columns_is_told_which_are_right(
    catalog: Catalog, tmp_path: Path
) -> None:
    frame = bars_at("AAPL", "2024-01-02").frame()
    _put_by_hand(tmp_path, frame.with_columns(pl.col("timestamp").dt.cast_time_unit("ms")))
    with pytest.raises(UnreadableFile, match="its columns are not timestamp Datetime"):
        catalog.load("AAPL", DAY, 0, at("2024-12-31"), "UTC")


def test_a_renamed_file_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    catalog.write(bars_at("AAPL", "2024-01-02T10:00"), MINUTE)
    (tmp_path / "market" / "day").mkdir()
    (tmp_path / "market" / "minute" / "AAPL.parquet").rename(
        tmp_path / "market" / "day" / "AAPL.parquet"
    )
    with pytest.raises(UnreadableFile, match="it holds AAPL minute bars"):
        catalog.load("AAPL", DAY, 0, at("2024-12-31"), "UTC")
