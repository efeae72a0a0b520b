"""Which bars a load finds, what it makes them from, and what it says about them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import Resolution
from service.market_data.catalog import Catalog, Loaded
from service.market_data.errors import UnreadableFile
from service.market_data.parquet import ROWS_PER_GROUP
from tests.service.market_data.building import at, bars_at, spelled_times

TICK, SECOND, MINUTE, HOUR, DAY = Resolution


def _load(
    catalog: Catalog, resolution: Resolution, start: str, end: str, timezone: str = "UTC"
) -> Loaded:
    return catalog.load("AAPL", resolution, at(start), at(end), timezone)


def _times(loaded: Loaded) -> list[str]:
    return spelled_times(loaded.bars)


def test_both_ends_of_the_range_are_inclusive(catalog: Catalog) -> None:
    times = [f"2024-01-02T14:3{minute}" for minute in range(5)]
    catalog.write(bars_at("AAPL", *times), MINUTE)
    loaded = _load(catalog, MINUTE, times[1], times[3])
    assert loaded.bars.open.tolist() == [2, 3, 4]


def test_a_day_in_new_york_is_found_by_its_date(catalog: Catalog) -> None:
    catalog.write(bars_at("AAPL", "2024-01-02", "2024-01-03", "2024-01-04"), DAY)
    naive_dates_there = ("2024-01-03T00:00-05:00", "2024-01-04T00:00-05:00")
    loaded = _load(catalog, DAY, *naive_dates_there, timezone="America/New_York")
    assert _times(loaded) == ["2024-01-03T00:00:00", "2024-01-04T00:00:00"]


@pytest.mark.parametrize(
    ("held", "asked", "used"),
    [
        ([DAY], DAY, DAY),
        ([MINUTE, DAY], DAY, DAY),
        ([MINUTE, HOUR], DAY, HOUR),
        ([TICK, SECOND, MINUTE], DAY, MINUTE),
        ([TICK, HOUR, DAY], MINUTE, TICK),
    ],
)
def test_the_coarsest_that_is_fine_enough_is_used(
    catalog: Catalog, held: list[Resolution], asked: Resolution, used: Resolution
) -> None:
    for resolution in held:
        catalog.write(bars_at("AAPL", "2024-01-02"), resolution)
    loaded = _load(catalog, asked, "2024-01-01", "2024-01-31")
    assert loaded.source is used
    assert _times(loaded) == ["2024-01-02T00:00:00"]


def test_hours_at_the_edges_are_whole(catalog: Catalog) -> None:
    times = [f"2024-01-02T{hour:02}:{minute:02}" for hour in (9, 10, 11) for minute in (0, 30, 59)]
    catalog.write(bars_at("AAPL", *times), MINUTE)
    loaded = _load(catalog, HOUR, "2024-01-02T09:10", "2024-01-02T11:00")
    assert _times(loaded) == ["2024-01-02T10:00:00", "2024-01-02T11:00:00"]
    assert loaded.bars.open.tolist() == [4, 7]
    assert loaded.bars.close.tolist() == [6.5, 9.5]
    assert loaded.bars.volume.tolist() == [150, 240]


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Asia/Tokyo", "UTC", "Etc/GMT+12"])
def test_days_at_the_edges_are_whole_in_every_zone(catalog: Catalog, timezone: str) -> None:
    hours = np.arange(np.datetime64("2024-01-01T00"), np.datetime64("2024-01-06T00"))
    catalog.write(bars_at("AAPL", *map(str, hours.astype("datetime64[m]"))), HOUR)
    loaded = _load(catalog, DAY, "2024-01-02T12:30", "2024-01-03T12:30", timezone)
    assert len(loaded.bars) == 1, "one midnight lies between"
    assert (loaded.bars.close - loaded.bars.open == 23.5).all(), "24 hours each"


def test_a_resampled_day_belongs_to_the_zones_date(catalog: Catalog) -> None:
    evening_in_new_york = "2024-01-03T01:00"
    catalog.write(bars_at("AAPL", "2024-01-02T15:00", evening_in_new_york), HOUR)
    loaded = _load(catalog, DAY, "2024-01-01", "2024-01-31", timezone="America/New_York")
    assert _times(loaded) == ["2024-01-02T00:00:00"]
    assert loaded.bars.volume.tolist() == [30]


def test_bars_that_cover_what_was_asked_need_no_notes(catalog: Catalog) -> None:
    catalog.write(bars_at("AAPL", "2024-01-02", "2024-01-03", "2024-01-08", "2024-01-10"), DAY)
    assert _load(catalog, DAY, "2024-01-02", "2024-01-07").notes == (), "a weekend at the end"
    assert _load(catalog, DAY, "2024-01-06", "2024-01-08").notes == (), "a weekend at the start"
    assert _load(catalog, DAY, "2024-01-03", "2024-01-10T23:59:59").notes == ()


def test_bars_that_begin_late_or_end_early_are_noted(catalog: Catalog) -> None:
    catalog.write(bars_at("AAPL", "2013-02-28", "2013-03-01"), DAY)
    loaded = _load(catalog, DAY, "2013-01-01", "2024-12-31")
    assert loaded.notes == (
        "AAPL: bars begin on 2013-02-28, after the asked start 2013-01-01",
        "AAPL: bars end on 2013-03-01, before the asked end 2024-12-31",
    )


def test_resampled_bars_are_noted(catalog: Catalog) -> None:
    times = [f"2024-01-0{day}T14:30" for day in (1, 2, 3)]
    catalog.write(bars_at("AAPL", *times), MINUTE)
    assert _load(catalog, DAY, "2024-01-02", "2024-01-02").notes == (
        "AAPL: day bars were made from minute bars",
    )
    assert _load(catalog, DAY, "2024-01-02", "2024-01-09").notes == (
        "AAPL: day bars were made from minute bars",
        "AAPL: bars end on 2024-01-03, before the asked end 2024-01-09",
    )


def test_ticks_that_share_a_moment_keep_their_order(catalog: Catalog) -> None:
    moment = "2024-01-02T14:30:00.123456"
    catalog.write(bars_at("AAPL", moment, moment, moment), TICK)
    loaded = _load(catalog, TICK, moment, moment)
    assert loaded.bars.open.tolist() == [1, 2, 3]
    assert loaded.notes == ()


def test_a_range_in_the_midst_of_a_long_file_is_read_column_by_column(catalog: Catalog) -> None:
    count = 2 * ROWS_PER_GROUP + 10
    timestamp = at("2024-01-01") + 1_000_000 * np.arange(count)
    numbers = np.arange(1.0, count + 1.0)
    held = Bars("AAPL", timestamp, numbers, numbers + 1, numbers / 2, numbers + 0.5, 10 * numbers)
    catalog.write(held, SECOND)
    first, last = ROWS_PER_GROUP - 2, 2 * ROWS_PER_GROUP + 2
    asked = int(timestamp[first]), int(timestamp[last])
    found = catalog.load("AAPL", SECOND, *asked, "UTC").bars
    for name in COLUMNS:
        assert np.array_equal(getattr(found, name), getattr(held, name)[first : last + 1]), name


def test_a_row_without_a_time_between_others_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    catalog.write(bars_at("AAPL", "2024-01-02", "2024-01-03", "2024-01-04"), DAY)
    (file,) = tmp_path.rglob("AAPL.parquet")
    frame = pl.read_parquet(file)
    timeless = pl.when(pl.int_range(pl.len()) != 1).then(pl.col("timestamp")).alias("timestamp")
    frame.with_columns(timeless).write_parquet(file)
    with pytest.raises(UnreadableFile, match="its timestamps are not in order"):
        _load(catalog, DAY, "2024-01-01", "2024-01-09")
