"""Synthetic prices: the same everywhere, for every range, and like prices."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND, Resolution
from domain.market.sessions import session_days, trades_on_weekends
from domain.market.synthetic import SYNTHETIC_BARS_MAX, synthetic_bars
from domain.market.synthetic_walk import Character, daily_prices
from domain.market.validation import validate

MONDAY = 19_723 * MICROSECONDS_PER_DAY  # 2024-01-01
WEEK = 7 * MICROSECONDS_PER_DAY
YEARS_1970_TO_2200 = (0, 84_371 * MICROSECONDS_PER_DAY - 1)


def bytes_of(bars: Bars) -> list[bytes]:
    return [getattr(bars, name).tobytes() for name in COLUMNS]


@pytest.mark.parametrize(
    ("symbol", "resolution", "sha256"),
    [
        (
            "AAPL",
            Resolution.DAY,
            "4c553b54a597f6712a510cd98fade555fbefef1c15faaad5affae753b4094856",
        ),
        (
            "AAPL",
            Resolution.MINUTE,
            "23737c4b5f18c7705b3861f1baf71ec0ebb60355c6a38ecf3f58b28f6cd5cd47",
        ),
        (
            "BTC/USDT",
            Resolution.TICK,
            "5aa0a8f114cd973fd831c24f5e8a2b4a784ccb011cb524de2e44607724fb82cd",
        ),
    ],
)
def test_the_prices_of_a_week_are_known_once_and_for_all(
    symbol: str, resolution: Resolution, sha256: str
) -> None:
    assert synthetic_bars(symbol, resolution, MONDAY, MONDAY + WEEK).sha256() == sha256


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("symbol", ["AAPL", "BTC/USDT"])
@settings(max_examples=10)
@given(data=st.data())
def test_a_part_of_a_range_is_a_part_of_its_bars(
    symbol: str, resolution: Resolution, data: st.DataObject
) -> None:
    moments = st.integers(MONDAY, MONDAY + WEEK)
    start, end = sorted((data.draw(moments), data.draw(moments)))
    whole = synthetic_bars(symbol, resolution, MONDAY, MONDAY + WEEK)
    part = synthetic_bars(symbol, resolution, start, end)
    assert bytes_of(part) == bytes_of(whole.between(start, end))


def test_a_range_longer_than_what_is_made_at_a_time_has_no_seams() -> None:
    whole = synthetic_bars("IBM", Resolution.SECOND, MONDAY, MONDAY + WEEK - 1)
    for day in range(5):
        start = MONDAY + day * MICROSECONDS_PER_DAY
        end = start + MICROSECONDS_PER_DAY - 1
        alone = synthetic_bars("IBM", Resolution.SECOND, start, end)
        assert bytes_of(alone) == bytes_of(whole.between(start, end))


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("symbol", ["AAPL", "X", "EUR-USD"])
def test_the_bars_are_valid_and_their_last_digits_whole(
    symbol: str, resolution: Resolution
) -> None:
    bars = synthetic_bars(symbol, resolution, MONDAY, MONDAY + WEEK)
    validate(bars, resolution)
    np.testing.assert_array_equal(bars.close, bars.close.round(4))
    np.testing.assert_array_equal(bars.volume, bars.volume.round())
    assert bars.volume.min() >= 1.0


@pytest.mark.parametrize("resolution", list(Resolution)[:-1])
def test_all_resolutions_open_and_close_a_day_alike(resolution: Resolution) -> None:
    daily = synthetic_bars("MSFT", Resolution.DAY, MONDAY, MONDAY + WEEK)
    bars = synthetic_bars("MSFT", resolution, MONDAY, MONDAY + WEEK + MICROSECONDS_PER_DAY - 1)
    days = session_days(bars.timestamp, resolution, "UTC")
    first = np.append(True, days[1:] != days[:-1])
    last = np.append(days[1:] != days[:-1], True)
    np.testing.assert_array_equal(bars.open[first], daily.open)
    np.testing.assert_array_equal(bars.close[last], daily.close)


@pytest.mark.parametrize("symbol", ["AAPL", "MSFT", "BRK-B", "a", "ETH-USD"])
def test_two_centuries_stay_within_bounds_and_look_like_prices(symbol: str) -> None:
    bars = synthetic_bars(symbol, Resolution.DAY, *YEARS_1970_TO_2200)
    validate(bars, Resolution.DAY)
    assert bars.close.min() >= 1.0
    assert bars.close.max() <= 10_000.0
    changes = bars.close[1:] / bars.close[:-1] - 1.0
    assert 0.009 < changes.std() < 0.033
    assert abs(changes.mean()) < 0.001
    assert (bars.open[1:] != bars.close[:-1]).mean() > 0.99


def test_even_the_wildest_symbol_stays_within_bounds() -> None:
    opens, closes = daily_prices(Character("wild", 9_000.0, 0.28, 1.0, True), 50_000)
    for prices in (opens, closes):
        assert (prices.min(), prices.max()) == (1.0, 10_000.0)


def test_volume_is_highest_at_midnight_and_lowest_at_noon() -> None:
    bars = synthetic_bars("AAPL", Resolution.HOUR, MONDAY, MONDAY + 52 * WEEK)
    by_hour = bars.volume[: len(bars) // 24 * 24].reshape(-1, 24).mean(axis=0)
    assert by_hour[[0, 23]].min() > 1.5 * by_hour[[11, 12]].max()


@pytest.mark.parametrize(
    ("symbol", "all_week"),
    [("AAPL", False), ("BRK-B", False), ("BTC/USDT", True), ("BTC-USD", True), ("EUR-USD", True)],
)
def test_only_pairs_trade_on_weekends(symbol: str, all_week: bool) -> None:
    bars = synthetic_bars(symbol, Resolution.DAY, MONDAY, MONDAY + 4 * WEEK - 1)
    assert len(bars) == (28 if all_week else 20)
    assert trades_on_weekends(session_days(bars.timestamp, Resolution.DAY, "UTC")) is all_week


def test_ticks_come_once_a_second_at_some_microsecond() -> None:
    bars = synthetic_bars("AAPL", Resolution.TICK, MONDAY, MONDAY + MICROSECONDS_PER_DAY - 1)
    assert (bars.timestamp // MICROSECONDS_PER_SECOND).tolist() == list(
        range(MONDAY // MICROSECONDS_PER_SECOND, MONDAY // MICROSECONDS_PER_SECOND + 86_400)
    )
    assert len(np.unique(bars.timestamp % MICROSECONDS_PER_SECOND)) > 80_000
    for name in ("open", "high", "low"):
        np.testing.assert_array_equal(getattr(bars, name), bars.close)


def test_symbols_do_not_share_their_noise() -> None:
    apple, pear = (
        synthetic_bars(symbol, Resolution.DAY, MONDAY, MONDAY + 500 * WEEK)
        for symbol in ("AAPL", "PEAR")
    )
    up = [bars.close > bars.open for bars in (apple, pear)]
    assert 0.45 < (up[0] == up[1]).mean() < 0.55


def test_hours_do_not_repeat_the_noise_of_days() -> None:
    hours = synthetic_bars("AAPL", Resolution.HOUR, MONDAY, MONDAY + 500 * WEEK)
    days = synthetic_bars("AAPL", Resolution.DAY, MONDAY, MONDAY + 500 * WEEK)
    up = [bars.close[:2_000] > bars.open[:2_000] for bars in (hours, days)]
    assert 0.45 < (up[0] == up[1]).mean() < 0.55


def test_a_weekend_holds_no_bars_of_a_stock() -> None:
    saturday = MONDAY + 5 * MICROSECONDS_PER_DAY
    end = saturday + 2 * MICROSECONDS_PER_DAY - 1
    assert len(synthetic_bars("AAPL", Resolution.MINUTE, saturday, end)) == 0


def test_as_many_bars_as_allowed_are_made_and_one_more_is_refused() -> None:
    minute = Resolution.MINUTE.microseconds
    end = MONDAY + (SYNTHETIC_BARS_MAX - 1) * minute
    assert len(synthetic_bars("BTC/USDT", Resolution.MINUTE, MONDAY, end)) == SYNTHETIC_BARS_MAX
    with pytest.raises(DomainError, match=r"5,000,001 synthetic minute bars.* at most 5,000,000"):
        synthetic_bars("BTC/USDT", Resolution.MINUTE, MONDAY, end + minute)


def test_two_centuries_of_seconds_are_refused_before_any_are_made() -> None:
    with pytest.raises(DomainError, match="7,289,654,400 synthetic second bars"):
        synthetic_bars("BTC/USDT", Resolution.SECOND, *YEARS_1970_TO_2200)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (0, YEARS_1970_TO_2200[1] + 1), (6, 5)])
def test_a_range_outside_1970_to_2200_or_backwards_is_refused(start: int, end: int) -> None:
    with pytest.raises(DomainError, match="within the years 1970 to 2200"):
        synthetic_bars("AAPL", Resolution.DAY, start, end)


def test_the_limit_of_the_years_is_the_calendars() -> None:
    after_last = YEARS_1970_TO_2200[1] + 1
    assert datetime(2201, 1, 1, tzinfo=UTC).timestamp() * MICROSECONDS_PER_SECOND == after_last
