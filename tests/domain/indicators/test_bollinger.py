"""Bollinger's bands."""

import math

import numpy as np
import pandas as pd

from domain.indicators import bollinger, sma


def test_by_hand() -> None:
    # 1, 2, 6: mean 3, population deviation √(14 / 3)
    lower, middle, upper = bollinger(np.array([1.0, 2.0, 6.0]), 3, 1.5)
    width = 1.5 * math.sqrt(14 / 3)
    np.testing.assert_allclose([lower[2], middle[2], upper[2]], [3 - width, 3, 3 + width])


def test_it_agrees_with_pandas() -> None:
    values = 100.0 + np.random.default_rng(17).normal(size=3_000).cumsum()
    windows = pd.Series(values).rolling(20)
    bands = bollinger(values, 20, 2.0)
    np.testing.assert_allclose(bands.upper, windows.mean() + 2 * windows.std(ddof=0), rtol=1e-12)
    np.testing.assert_allclose(bands.lower, windows.mean() - 2 * windows.std(ddof=0), rtol=1e-12)


def test_the_middle_is_the_simple_average_to_the_bit() -> None:
    values = 100.0 + np.random.default_rng(18).normal(size=300).cumsum()
    np.testing.assert_array_equal(bollinger(values, 7, 2.0).middle, sma(values, 7))


def test_bands_around_prices_that_stand_still_have_no_width() -> None:
    for line in bollinger(np.full(40, 0.1 + 0.2), 20, 2.0):
        np.testing.assert_allclose(line[19:], 0.1 + 0.2, rtol=1e-15)


def test_only_windows_that_hold_a_nan_are_nan() -> None:
    values = np.array([1.0, 3.0, np.nan, 5.0, 7.0])
    for line in bollinger(values, 2, 1.0):
        assert np.isnan(line).tolist() == [True, False, True, True, False]
