"""Which day a bar belongs to, in its timezone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from domain.errors import DomainError
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.market.sessions import last_of_day, session_days, trades_on_weekends

HOUR = Resolution.HOUR.microseconds
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@pytest.mark.parametrize("timezone", ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"])
def test_the_days_are_the_dates_on_the_local_clock(timezone: str) -> None:
    moments = np.arange(0, 60 * 365 * 24, 7, dtype=np.int64) * HOUR
    zone = ZoneInfo(timezone)
    expected = [
        datetime.fromtimestamp(moment / 1e6, zone).toordinal() - EPOCH_ORDINAL
        for moment in moments.tolist()
    ]
    found = session_days(moments, Resolution.HOUR, timezone)
    assert found.dtype == np.int64
    assert found.tolist() == expected


@pytest.mark.parametrize("timezone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_a_daily_bar_keeps_its_date_in_every_timezone(timezone: str) -> None:
    moments = np.array([19_723, 19_724]) * MICROSECONDS_PER_DAY
    assert session_days(moments, Resolution.DAY, timezone).tolist() == [19_723, 19_724]


def test_moments_before_the_epoch_have_days_below_zero() -> None:
    assert session_days(np.array([-1]), Resolution.TICK, "UTC").tolist() == [-1]


def test_an_unknown_timezone_is_named() -> None:
    with pytest.raises(DomainError, match="'Mars/Olympus'"):
        session_days(np.array([0]), Resolution.HOUR, "Mars/Olympus")


def test_weekends_are_saturday_and_sunday() -> None:
    monday = 19_723
    assert not trades_on_weekends(np.arange(monday, monday + 5))
    assert trades_on_weekends(np.array([monday + 5]))
    assert trades_on_weekends(np.arange(monday, monday + 7))
    assert trades_on_weekends(np.array([monday, monday + 6]))
    one_day_of_the_weekend = np.arange(monday - 1, monday + 5)
    assert not trades_on_weekends(one_day_of_the_weekend)
    weekdays = np.concatenate(
        [np.arange(monday + 7 * week, monday + 7 * week + 5) for week in range(4)]
    )
    assert not trades_on_weekends(np.append(weekdays, monday + 5))
    assert not trades_on_weekends(np.array([], dtype=np.int64))


def test_the_last_row_of_each_day() -> None:
    assert last_of_day(np.array([3, 3, 4, 6, 6])).tolist() == [False, True, True, False, True]
