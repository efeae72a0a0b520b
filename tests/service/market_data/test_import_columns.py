"""Which columns an import takes, and what it says about the others."""

from pathlib import Path

import polars as pl
import pytest

from domain.market.resolution import Resolution
from service.market_data.errors import RejectedFile
from service.market_data.importers import Imported, read_file

DAY, TICK = Resolution.DAY, Resolution.TICK


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "prices.csv"


def _read(file: Path, text: str, resolution: Resolution = DAY) -> Imported:
    file.write_text(text, encoding="utf-8")
    return read_file(file, "AAPL", resolution, "UTC")


@pytest.mark.parametrize("name", ["date", "Time", "TIMESTAMP", "DateTime", "<DATE>", " date "])
def test_the_time_column_has_several_names(file: Path, name: str) -> None:
    bars = _read(file, f"{name},open,high,low,close,volume\n2024-01-02,1,3,0.5,2,10\n").bars
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]) == (
        (1, 3, 0.5, 2, 10)
    )


def test_case_and_order_of_columns_do_not_matter(file: Path) -> None:
    imported = _read(file, "VOLUME,Close,LOW,High,oPEN,Date\n10,2,0.5,3,1,2024-01-02\n")
    assert imported.bars.open.tolist() == [1]
    assert imported.bars.volume.tolist() == [10]
    assert imported.notes == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_told_from_the_header(file: Path, delimiter: str) -> None:
    text = "date,open,high,low,close,volume\n2024-01-02,1,3,0.5,2,10\n".replace(",", delimiter)
    assert _read(file, text).bars.close.tolist() == [2]


def test_byte_order_mark_windows_line_ends_quotes_and_blank_lines(file: Path) -> None:
    rows = [
        '\ufeff"Date","Open","High","Low","Close","Volume"',
        '"2024-01-02", 1,3 ,0.5,"2",10',
        "",
    ]
    assert _read(file, "\r\n".join(rows)).bars.high.tolist() == [3]


def test_adjusted_closes_and_unknown_columns_are_noted_not_used(file: Path) -> None:
    text = "Date,Open,High,Low,Close,Adj Close,Volume,VWAP\n2024-01-02,1,3,0.5,2,0.7,10,9\n"
    imported = _read(file, text)
    assert imported.bars.close.tolist() == [2]
    assert imported.notes == (
        "Adj Close is not used: prices are taken as open, high, low and close say",
        "ignored columns: VWAP",
    )


def test_without_a_volume_column_the_volume_is_zero_and_noted(file: Path) -> None:
    imported = _read(file, "date,open,high,low,close\n2024-01-02,1,3,0.5,2\n")
    assert imported.bars.volume.tolist() == [0]
    assert imported.notes == ("there is no volume column: the volume is 0 throughout",)


@pytest.mark.parametrize("size", ["size", "Volume"])
def test_ticks_have_a_price_and_a_size(file: Path, size: str) -> None:
    text = f"time,price,{size}\n2024-01-02T14:30:00.5,7,100\n2024-01-02T14:30:00.5,8,200\n"
    bars = _read(file, text, TICK).bars
    for prices in (bars.open, bars.high, bars.low, bars.close):
        assert prices.tolist() == [7, 8]
    assert bars.volume.tolist() == [100, 200]


def test_parquet_is_told_by_its_content_and_keeps_its_types(tmp_path: Path) -> None:
    file = tmp_path / "export.data"
    days = pl.date_range(pl.date(2024, 1, 2), pl.date(2024, 1, 3), eager=True)
    prices = pl.Series([1, 2], dtype=pl.Decimal(10, 2))
    pl.DataFrame(
        {"Date": days, **dict.fromkeys(("Open", "High", "Low", "Close"), prices), "Volume": [3, 4]}
    ).write_parquet(file)
    bars = read_file(file, "AAPL", DAY, "UTC").bars
    assert bars.close.tolist() == [1, 2]
    assert bars.volume.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("header", "resolution", "problem"),
    [
        ("when,open,high,low,close", DAY, "no time column: one of timestamp, datetime, date, time"),
        ("date,open,close", DAY, "no column high, low; found date, open, close"),
        ("date,timestamp,open,high,low,close", DAY, "several time columns, timestamp, date"),
        (
            "date,open,high,low,close,Close",
            DAY,
            "the columns 'close' and 'Close' have the same name",
        ),
        (
            "time,price,size",
            DAY,
            "a column price makes ticks: import the file with resolution tick",
        ),
        ("time,open,high,low,close", TICK, "no column price, which ticks need; found time, open"),
    ],
)
def test_columns_that_cannot_be_told_apart_are_rejected(
    file: Path, header: str, resolution: Resolution, problem: str
) -> None:
    row = ",".join("1" for _ in header.split(","))
    with pytest.raises(RejectedFile) as caught:
        _read(file, f"{header}\n{row}\n", resolution)
    assert f"prices.csv: {problem}" in str(caught.value)
