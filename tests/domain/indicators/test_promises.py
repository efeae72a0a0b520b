"""What every indicator promises: no look-ahead to the last bit, clear periods, NaN until warm."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.indicators import InvalidPeriod, ema, momentum, rolling_std, rsi, sma, zscore
from domain.market.bars import Floats

Indicator = Callable[[Floats, int], Floats]

# the first value stands at this bar, plus the period
FIRST_VALUE: dict[Indicator, int] = {
    sma: -1,
    ema: -1,
    rsi: 0,
    momentum: 0,
    rolling_std: -1,
    zscore: -1,
}

every_indicator = pytest.mark.parametrize("indicator", FIRST_VALUE)


@every_indicator
@given(
    values=st.lists(st.floats(0.01, 1e6) | st.just(float("nan")), min_size=1, max_size=60),
    period=st.integers(1, 10),
    data=st.data(),
)
def test_a_value_is_the_same_bits_whether_later_bars_exist_or_not(
    indicator: Indicator, values: list[float], period: int, data: st.DataObject
) -> None:
    column = np.array(values)
    known = data.draw(st.integers(1, len(column)))
    whole, early = indicator(column, period), indicator(column[:known], period)
    assert early.tobytes() == whole[:known].tobytes()


@every_indicator
def test_it_is_nan_until_warm_and_a_number_from_then_on(indicator: Indicator) -> None:
    values = 100.0 + np.random.default_rng(9).normal(size=200).cumsum()
    first = 10 + FIRST_VALUE[indicator]
    assert np.isnan(indicator(values, 10)).tolist() == [t < first for t in range(200)]


@every_indicator
@pytest.mark.parametrize("period", [0, -3, 2.0, "5", None, True])
def test_a_period_that_is_no_count_of_bars_is_refused(indicator: Indicator, period: int) -> None:
    with pytest.raises(InvalidPeriod, match="whole number of bars, 1 or more") as caught:
        indicator(np.ones(5), period)
    assert isinstance(caught.value, DomainError)
    assert repr(period) in str(caught.value)


@every_indicator
@pytest.mark.parametrize("length", [0, 1, 9])
def test_a_period_longer_than_the_series_gives_nan(indicator: Indicator, length: int) -> None:
    result = indicator(np.ones(length), 10**12)
    assert len(result) == length
    assert np.isnan(result).all()


@every_indicator
def test_views_and_read_only_columns_give_the_same(indicator: Indicator) -> None:
    values = 100.0 + np.random.default_rng(10).normal(size=200).cumsum()
    locked = values.copy()
    locked.flags.writeable = False
    expected = indicator(values, 5)
    np.testing.assert_array_equal(indicator(locked, 5), expected)
    np.testing.assert_array_equal(indicator(np.repeat(values, 2)[::2], 5), expected)
