"""Every spelling of time that an import reads, and those that it refuses."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from domain.market.resolution import Resolution
from service.market_data.errors import MarketDataError, RejectedFile
from service.market_data.importers import read_file
from tests.service.market_data.building import at, spelled_times

DAY, MINUTE = Resolution.DAY, Resolution.MINUTE
NEW_YORK = "America/New_York"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def _csv(
    folder: Path, times: Sequence[object], resolution: Resolution, zone: str, header: str = "time"
) -> list[str]:
    rows = "".join(f"{each},1,1,1,1,1\n" for each in times)
    (folder / "prices.csv").write_text(f"{header},open,high,low,close,volume\n{rows}")
    return spelled_times(read_file(folder / "prices.csv", "AAPL", resolution, zone).bars)


def _parquet(folder: Path, times: pl.Series, resolution: Resolution, zone: str) -> list[str]:
    prices = dict.fromkeys(
        ("open", "high", "low", "close", "volume"), pl.Series([1.0] * len(times))
    )
    pl.DataFrame({"timestamp": times, **prices}).write_parquet(folder / "prices.parquet")
    return spelled_times(read_file(folder / "prices.parquet", "AAPL", resolution, zone).bars)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-01-02", "2024-01-02T05:00:00"),
        ("20240102", "2024-01-02T05:00:00"),
        ("2024/01/02 09:30", "2024-01-02T14:30:00"),
        ("2024-01-02 09:30:15", "2024-01-02T14:30:15"),
        ("20240102 093015", "2024-01-02T14:30:15"),
        ("20240102093015", "2024-01-02T14:30:15"),
        ("2024-07-02T09:30:15", "2024-07-02T13:30:15"),
        ("2024-01-02T09:30:15Z", "2024-01-02T09:30:15"),
        ("2024-01-02 09:30:15 UTC", "2024-01-02T09:30:15"),
        ("2024-01-02T09:30:15+05:30", "2024-01-02T04:00:15"),
        ("2024-01-02T09:30:15-0800", "2024-01-02T17:30:15"),
        ("2024-01-02T09:30:15+01", "2024-01-02T08:30:15"),
        (1_704_205_815, "2024-01-02T14:30:15"),
        (1_704_205_815_000, "2024-01-02T14:30:15"),
        (1_704_205_815_000_000, "2024-01-02T14:30:15"),
        (1_704_205_815_000_000_000, "2024-01-02T14:30:15"),
        (-86_400, "1969-12-31T00:00:00"),
    ],
)
def test_spellings_in_text(folder: Path, written: object, read: str) -> None:
    assert _csv(folder, [written], MINUTE, NEW_YORK) == [read]


def test_fractions_are_cut_to_microseconds(folder: Path) -> None:
    rows = "2024-01-02T09:30:00.123456789Z,7\n2024-01-02T09:30:01.5Z,7\n"
    (folder / "ticks.csv").write_text(f"time,price\n{rows}")
    bars = read_file(folder / "ticks.csv", "AAPL", Resolution.TICK, "UTC").bars
    assert bars.timestamp.tolist() == [
        at("2024-01-02T09:30:00.123456"),
        at("2024-01-02T09:30:01.500000"),
    ]


def test_offsets_may_change_within_a_file(folder: Path) -> None:
    times = ["2024-11-03T01:30:00-04:00", "2024-11-03T01:30:00-05:00"]
    assert _csv(folder, times, MINUTE, NEW_YORK) == ["2024-11-03T05:30:00", "2024-11-03T06:30:00"]


def test_a_date_and_a_time_of_day_are_read_together(folder: Path) -> None:
    assert _csv(folder, ["20240102,093000"], MINUTE, NEW_YORK, "<DATE>,<TIME>") == [
        "2024-01-02T14:30:00"
    ]
    assert _csv(folder, ["2024-01-02,09:31"], MINUTE, "UTC", "Date,Time") == ["2024-01-02T09:31:00"]


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("2024-01-02", "Asia/Tokyo"),
        ("20240102", NEW_YORK),
        ("2024-01-02 16:00", NEW_YORK),
        ("2024-01-02 02:00", NEW_YORK),
        ("2024-01-02T02:00:00+09:00", NEW_YORK),
        ("2024-01-02T00:00:00Z", NEW_YORK),
        ("2024-01-02T00:00:00+09:00", "UTC"),
        ("2024-01-02T20:00:00-05:00", "UTC"),
        ("2024-01-02T05:00:00Z", NEW_YORK),
        ("2024-01-01T15:00:00Z", "Asia/Tokyo"),
        (at("2024-01-03T01:00"), NEW_YORK),
        (at("2024-01-02") // 1_000_000, NEW_YORK),
    ],
)
def test_daily_bars_get_midnight_utc_of_their_session(
    folder: Path, written: object, zone: str
) -> None:
    assert _csv(folder, [written], DAY, zone) == ["2024-01-02T00:00:00"]


def test_daily_dates_are_safe_from_clock_changes(folder: Path) -> None:
    # Midnight of 2018-11-04 did not exist in São Paulo.
    times = ["2018-11-03", "2018-11-04", "2018-11-05"]
    assert _csv(folder, times, DAY, "America/Sao_Paulo") == [f"{day}T00:00:00" for day in times]


@pytest.mark.parametrize(
    ("times", "read"),
    [
        (pl.Series([date(2024, 1, 2)]), "2024-01-02T05:00:00"),
        (pl.Series([datetime(2024, 1, 2, 9, 30)]), "2024-01-02T14:30:00"),  # noqa: DTZ001 - naive on purpose
        (pl.Series([datetime(2024, 1, 2, 9, 30, tzinfo=UTC)]), "2024-01-02T09:30:00"),
        (
            pl.Series([datetime(2024, 1, 2, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))]),
            "2024-01-02T00:30:00",
        ),
        (
            pl.Series([datetime(2024, 1, 2, tzinfo=UTC)], dtype=pl.Datetime("ns", "UTC")),
            "2024-01-02T00:00:00",
        ),
        (pl.Series([1_704_205_815]), "2024-01-02T14:30:15"),
        (pl.Series([20_240_102], dtype=pl.Int32), "2024-01-02T05:00:00"),
        (pl.Series(["2024-01-02T09:30:00"]), "2024-01-02T14:30:00"),
    ],
)
def test_typed_times_in_parquet(folder: Path, times: pl.Series, read: str) -> None:
    assert _parquet(folder, times, MINUTE, NEW_YORK) == [read]


def test_daily_parquet_in_its_own_zone_keeps_its_dates(folder: Path) -> None:
    midnight = pl.Series([datetime(2024, 1, 2, tzinfo=ZoneInfo("Asia/Tokyo"))])
    assert _parquet(folder, midnight, DAY, "UTC") == ["2024-01-02T00:00:00"]


def test_date_and_time_columns_of_parquet_are_joined(folder: Path) -> None:
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), pl.Series([1.0]))
    frame = {"date": pl.Series([date(2024, 1, 2)]), "time": pl.Series([time(9, 30)]), **prices}
    pl.DataFrame(frame).write_parquet(folder / "prices.parquet")
    bars = read_file(folder / "prices.parquet", "AAPL", MINUTE, NEW_YORK).bars
    assert spelled_times(bars) == ["2024-01-02T14:30:00"]


@pytest.mark.parametrize(
    "wrong",
    ["01/02/2024", "2024-13-01", "2024-02-30", "2024-01-02T25:00", "", "soon", "Jan 2 2024"],
)
@pytest.mark.parametrize("resolution", [MINUTE, DAY])
def test_other_spellings_are_rejected_with_their_row(
    folder: Path, wrong: str, resolution: Resolution
) -> None:
    with pytest.raises(RejectedFile, match=r"^prices\.csv, line 3: AAPL, row 2: times must look"):
        _csv(folder, ["2024-01-02", wrong, "2024-01-04"], resolution, "UTC")


def test_a_time_that_is_no_integer_among_epochs_is_rejected(folder: Path) -> None:
    with pytest.raises(RejectedFile, match=r"row 2: times must look .*; found '2024-01-02'"):
        _csv(folder, [1_704_205_815, "2024-01-02"], MINUTE, "UTC")


@pytest.mark.parametrize("wrong", ["2024-11-03 01:30", "2024-03-10 02:30"])
def test_local_times_that_come_twice_or_never_are_rejected(folder: Path, wrong: str) -> None:
    rule = f"times in {NEW_YORK} must not be skipped or repeated by its clocks, or be written with"
    with pytest.raises(RejectedFile, match=f"line 3: AAPL, row 2: {rule} .* found '{wrong}'"):
        _csv(folder, ["2024-01-02 09:30", wrong], MINUTE, NEW_YORK)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "America"])
def test_an_unknown_zone_is_refused(folder: Path, zone: str) -> None:
    with pytest.raises(MarketDataError, match=f"unknown timezone '{zone}'; use an IANA name"):
        _csv(folder, ["2024-01-02"], MINUTE, zone)
