"""What every indicator promises: no look-ahead to the last bit, clear periods, NaN until warm."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.indicators import (
    InvalidColumn,
    InvalidPeriod,
    atr,
    bollinger,
    donchian,
    ema,
    macd,
    momentum,
    previous,
    rolling_max,
    rolling_min,
    rolling_std,
    rsi,
    sma,
    true_range,
    wma,
    zscore,
)
from domain.market.bars import Floats


class Prices(NamedTuple):
    high: Floats
    low: Floats
    close: Floats


Indicator = Callable[[Prices, int], tuple[Floats, ...]]

INDICATORS: dict[str, Indicator] = {
    "sma": lambda prices, period: (sma(prices.close, period),),
    "wma": lambda prices, period: (wma(prices.close, period),),
    "ema": lambda prices, period: (ema(prices.close, period),),
    "rsi": lambda prices, period: (rsi(prices.close, period),),
    "atr": lambda prices, period: (atr(*prices, period),),
    "macd": lambda prices, period: macd(prices.close, 2, period, 3),
    "momentum": lambda prices, period: (momentum(prices.close, period),),
    "previous": lambda prices, period: (previous(prices.close, period),),
    "rolling_std": lambda prices, period: (rolling_std(prices.close, period),),
    "zscore": lambda prices, period: (zscore(prices.close, period),),
    "bollinger": lambda prices, period: bollinger(prices.close, period, 2.0),
    "rolling_max": lambda prices, period: (rolling_max(prices.high, period),),
    "rolling_min": lambda prices, period: (rolling_min(prices.low, period),),
    "donchian": lambda prices, period: donchian(prices.high, prices.low, period),
}

# the first value stands at this bar, plus the period; -1 where it is not named
FIRST_VALUE = {
    "rsi": (0,),
    "atr": (0,),
    "momentum": (0,),
    "previous": (0,),
    "macd": (-1, 1, 1),
}

every_indicator = pytest.mark.parametrize("name", INDICATORS)


def prices_around(close: Floats) -> Prices:
    return Prices(close * 1.01, close * 0.98, close)


def walk(seed: int) -> Prices:
    return prices_around(100.0 + np.random.default_rng(seed).normal(size=200).cumsum())


@every_indicator
@given(
    values=st.lists(st.floats(0.01, 1e6) | st.just(float("nan")), min_size=1, max_size=60),
    period=st.integers(1, 10),
    data=st.data(),
)
def test_a_value_is_the_same_bits_whether_later_bars_exist_or_not(
    name: str, values: list[float], period: int, data: st.DataObject
) -> None:
    prices = prices_around(np.array(values))
    known = data.draw(st.integers(1, len(values)))
    past = Prices(*(each[:known] for each in prices))
    pairs = zip(INDICATORS[name](past, period), INDICATORS[name](prices, period), strict=True)
    for early, whole in pairs:
        assert early.tobytes() == whole[:known].tobytes()


@every_indicator
def test_it_is_nan_until_warm_and_a_number_from_then_on(name: str) -> None:
    lines = INDICATORS[name](walk(9), 10)
    firsts = FIRST_VALUE.get(name, (-1,) * len(lines))
    for line, first in zip(lines, firsts, strict=True):
        assert np.isnan(line).tolist() == [t < 10 + first for t in range(200)]


@every_indicator
@pytest.mark.parametrize("period", [0, -3, 2.0, "5", None, True])
def test_a_period_that_is_no_count_of_bars_is_refused(name: str, period: int) -> None:
    with pytest.raises(InvalidPeriod, match="whole number of bars, 1 or more") as caught:
        INDICATORS[name](prices_around(np.ones(5)), period)
    assert isinstance(caught.value, DomainError)
    assert repr(period) in str(caught.value)


@every_indicator
@pytest.mark.parametrize("length", [0, 1, 9])
def test_a_period_longer_than_the_series_gives_nan(name: str, length: int) -> None:
    for line in INDICATORS[name](prices_around(np.ones(length)), 10**12):
        assert len(line) == length
        assert np.isnan(line).all()


@every_indicator
def test_views_and_read_only_columns_give_the_same(name: str) -> None:
    prices = walk(10)
    expected = INDICATORS[name](prices, 5)
    locked = Prices(*(each.copy() for each in prices))
    for each in locked:
        each.flags.writeable = False
    views = Prices(*(np.repeat(each, 2)[::2] for each in prices))
    np.testing.assert_array_equal(INDICATORS[name](locked, 5), expected)
    np.testing.assert_array_equal(INDICATORS[name](views, 5), expected)


@every_indicator
def test_it_leaves_what_it_is_given_as_it_was(name: str) -> None:
    prices, untouched = walk(11), walk(11)
    INDICATORS[name](prices, 5)
    np.testing.assert_array_equal(prices, untouched)


@every_indicator
def test_values_that_are_no_column_are_refused(name: str) -> None:
    with pytest.raises(InvalidColumn, match=r"one number per bar, .* got shape \(3, 2\)") as caught:
        INDICATORS[name](prices_around(np.ones((3, 2))), 2)
    assert isinstance(caught.value, DomainError)


@pytest.mark.parametrize(
    "indicator",
    [
        lambda three, two: atr(three, three, two, 2),
        lambda three, two: true_range(three, two, three),
        lambda three, two: donchian(three, two, 2),
    ],
)
def test_columns_of_different_lengths_are_refused(
    indicator: Callable[[Floats, Floats], object],
) -> None:
    with pytest.raises(InvalidColumn, match="of one length; got lengths 3, "):
        indicator(np.ones(3), np.ones(2))


@pytest.mark.parametrize("name", ["sma", "wma", "rolling_std", "zscore", "bollinger"])
def test_an_infinite_value_is_a_nan_to_the_windows_that_hold_it(name: str) -> None:
    values = np.array([1.0, 4.0, 2.0, np.inf, 3.0, 7.0, 5.0, 6.0])
    holding = [True, True, False, True, True, True, False, False]
    for line in INDICATORS[name](prices_around(values), 3):
        assert np.isnan(line).tolist() == holding
