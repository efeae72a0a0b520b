"""Highest and lowest of a window, and Donchian's channel made of them."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import donchian, rolling_max, rolling_min

VALUES = st.lists(
    st.floats(allow_nan=False) | st.just(float("nan")) | st.integers(-3, 3).map(float),
    min_size=1,
    max_size=50,
)


@given(VALUES, st.integers(1, 12))
def test_each_is_the_extreme_of_its_exact_window(values: list[float], period: int) -> None:
    column = np.array(values)
    highest, lowest = rolling_max(column, period), rolling_min(column, period)
    for t in range(period - 1, len(column)):
        window = column[t - period + 1 : t + 1]
        np.testing.assert_array_equal([highest[t], lowest[t]], [window.max(), window.min()])


def test_both_agree_with_pandas() -> None:
    values = np.random.default_rng(14).normal(size=3_000)
    for period in (1, 2, 20, 999):
        windows = pd.Series(values).rolling(period)
        np.testing.assert_array_equal(rolling_max(values, period), windows.max())
        np.testing.assert_array_equal(rolling_min(values, period), windows.min())


def test_only_windows_that_hold_a_nan_are_nan() -> None:
    values = np.array([3.0, 1.0, np.nan, 2.0, 5.0])
    np.testing.assert_array_equal(rolling_max(values, 2), [np.nan, 3.0, np.nan, np.nan, 5.0])
    np.testing.assert_array_equal(rolling_min(values, 2), [np.nan, 1.0, np.nan, np.nan, 2.0])


def test_a_donchian_channel_by_hand() -> None:
    high = np.array([10.0, 12.0, 11.0, 9.0])
    low = np.array([8.0, 9.0, 10.0, 5.0])
    channel = donchian(high, low, 2)
    np.testing.assert_array_equal(channel.upper, [np.nan, 12.0, 12.0, 11.0])
    np.testing.assert_array_equal(channel.lower, [np.nan, 8.0, 9.0, 5.0])
    np.testing.assert_array_equal(channel.middle, [np.nan, 10.0, 10.5, 8.0])
