"""Which daily bars a stretch of time covers, zone by zone."""

import pytest

from domain.market.resolution import Resolution
from service.market_data.session_range import session_range
from tests.service.market_data.building import at

DAY = Resolution.DAY


def _sessions(start: str, end: str, timezone: str) -> tuple[int, int]:
    return session_range(at(start), at(end), DAY, timezone)


def test_utc_stays_as_it_is() -> None:
    start, end = at("2024-01-02T03:04:05"), at("2024-07-02T06:07:08")
    assert session_range(start, end, DAY, "UTC") == (start, end)


def test_new_yorks_midnights_cover_their_dates_in_winter_and_summer() -> None:
    found = _sessions("2024-01-02T00:00-05:00", "2024-07-05T00:00-04:00", "America/New_York")
    assert found == (at("2024-01-02"), at("2024-07-05"))


def test_tokyos_midnights_cover_their_dates() -> None:
    found = _sessions("2024-01-02T00:00+09:00", "2024-01-05T00:00+09:00", "Asia/Tokyo")
    assert found == (at("2024-01-02"), at("2024-01-05"))


def test_a_start_after_midnight_leaves_that_date_out() -> None:
    start, end = _sessions("2024-01-02T09:30-05:00", "2024-01-05T16:00-05:00", "America/New_York")
    assert at("2024-01-02") < start <= at("2024-01-03")
    assert at("2024-01-05") <= end < at("2024-01-06")


@pytest.mark.parametrize("resolution", [each for each in Resolution if each is not DAY])
def test_shorter_bars_are_compared_as_moments(resolution: Resolution) -> None:
    start, end = at("2024-01-02T05:00"), at("2024-01-05T05:00")
    assert session_range(start, end, resolution, "America/New_York") == (start, end)


@pytest.mark.parametrize("timezone", ["Asia/Tokyo", "America/New_York"])
def test_the_ends_of_the_calendar_are_as_good_as_for_ever(timezone: str) -> None:
    start, end = _sessions("0001-01-01T00:00", "9999-12-31T23:59:59", timezone)
    assert start < at("1000-01-01")
    assert end > at("9000-01-01")
