"""Coarser bars from finer ones, against polars and by hand."""

import numpy as np
import polars as pl
import pytest

from domain.errors import DomainError
from domain.market.bars import Bars
from domain.market.resample import resample
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.market.synthetic import synthetic_bars
from domain.market.validation import validate

MONDAY = 19_723 * MICROSECONDS_PER_DAY  # 2024-01-01
HOUR = Resolution.HOUR.microseconds
MINUTE = Resolution.MINUTE.microseconds


def made_of(timestamp: list[int], close: list[float]) -> Bars:
    prices = np.array(close, dtype=np.float64)
    return Bars(
        "AAPL", np.array(timestamp, dtype=np.int64), prices - 0.5, prices + 1.0, prices - 1.0,
        prices, np.ones(len(prices)),
    )  # fmt: skip


def rows(bars: Bars) -> list[tuple[float, ...]]:
    return [row[1:] for row in bars.frame().iter_rows()]


def test_first_highest_lowest_last_and_sum() -> None:
    fine = made_of([MONDAY, MONDAY + 9 * MINUTE, MONDAY + 59 * MINUTE], [10.0, 14.0, 12.0])
    hour = resample(fine, Resolution.MINUTE, Resolution.HOUR, "UTC")
    assert rows(hour) == [(9.5, 15.0, 9.0, 12.0, 3.0)]
    assert hour.symbol == "AAPL"


def test_bars_are_stamped_with_their_start_and_empty_ones_left_out() -> None:
    fine = made_of([MONDAY + 5 * MINUTE, MONDAY + 3 * HOUR + MINUTE], [10.0, 11.0])
    hours = resample(fine, Resolution.MINUTE, Resolution.HOUR, "UTC")
    assert hours.timestamp.tolist() == [MONDAY, MONDAY + 3 * HOUR]


def test_days_are_local_dates_stamped_with_midnight_utc() -> None:
    # 04:30 UTC on Tuesday is 23:30 on Monday in New York
    fine = made_of([MONDAY + 20 * HOUR, MONDAY + 28 * HOUR + 30 * MINUTE], [10.0, 11.0])
    local = resample(fine, Resolution.MINUTE, Resolution.DAY, "America/New_York")
    assert local.timestamp.tolist() == [MONDAY]
    utc = resample(fine, Resolution.MINUTE, Resolution.DAY, "UTC")
    assert utc.timestamp.tolist() == [MONDAY, MONDAY + MICROSECONDS_PER_DAY]


@pytest.mark.parametrize(
    ("source", "target"),
    [(source, target) for target in Resolution for source in target.finer()],
)
@pytest.mark.parametrize("timezone", ["UTC", "America/New_York"])
def test_every_pair_of_resolutions_agrees_with_polars(
    source: Resolution, target: Resolution, timezone: str
) -> None:
    end = MONDAY + 2 * MICROSECONDS_PER_DAY
    fine = synthetic_bars("AAPL", source, MONDAY, end)
    coarse = resample(fine, source, target, timezone)
    validate(coarse, target)
    if target is Resolution.DAY:
        start = pl.col("timestamp").dt.convert_time_zone(timezone).dt.date()
        start = start.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    else:
        start = pl.col("timestamp").dt.truncate(
            {"second": "1s", "minute": "1m"}.get(target.value, "1h")
        )
    expected = (
        fine.frame()
        .group_by(start.alias("timestamp"), maintain_order=True)
        .agg(
            pl.col("open").first(), pl.col("high").max(), pl.col("low").min(),
            pl.col("close").last(), pl.col("volume").sum(),
        )
    )  # fmt: skip
    assert coarse.frame().equals(expected)


def test_days_of_synthetic_minutes_open_and_close_as_synthetic_days() -> None:
    end = MONDAY + 5 * MICROSECONDS_PER_DAY - 1
    minutes = synthetic_bars("AAPL", Resolution.MINUTE, MONDAY, end)
    days = synthetic_bars("AAPL", Resolution.DAY, MONDAY, end)
    made = resample(minutes, Resolution.MINUTE, Resolution.DAY, "UTC")
    assert made.timestamp.tolist() == days.timestamp.tolist()
    assert made.open.tolist() == days.open.tolist()
    assert made.close.tolist() == days.close.tolist()


@pytest.mark.parametrize(
    ("source", "target"),
    [(Resolution.HOUR, Resolution.MINUTE), (Resolution.DAY, Resolution.DAY)],
)
def test_finer_or_equal_bars_cannot_be_made(source: Resolution, target: Resolution) -> None:
    with pytest.raises(
        DomainError, match=f"{target.value} bars cannot be made from {source.value}"
    ):
        resample(made_of([MONDAY], [10.0]), source, target, "UTC")


def test_no_bars_make_no_bars() -> None:
    assert len(resample(made_of([], []), Resolution.MINUTE, Resolution.HOUR, "UTC")) == 0
