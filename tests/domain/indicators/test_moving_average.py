"""Means of exact windows: no drift, no look-back beyond the window."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import ema, sma
from domain.market.bars import Floats

PRICES = st.lists(st.floats(-1e12, 1e12, width=64), min_size=1, max_size=60)


def exact_mean(window: Floats) -> float:
    return float(sum(map(Fraction, window.tolist())) / len(window))


@given(PRICES, st.integers(1, 12))
def test_sma_is_the_mean_of_the_exact_window(values: list[float], period: int) -> None:
    column = np.array(values)
    result = sma(column, period)
    assert np.isnan(result[: period - 1]).all()
    for t in range(period - 1, len(column)):
        window = column[t - period + 1 : t + 1]
        assert abs(result[t] - exact_mean(window)) <= 4e-16 * np.abs(window).mean()


@pytest.mark.parametrize("period", [1, 2, 10, 30, 1000])
def test_sma_agrees_with_pandas(period: int) -> None:
    values = 100.0 + np.random.default_rng(1).normal(size=5_000).cumsum()
    expected = pd.Series(values).rolling(period).mean().to_numpy()
    np.testing.assert_allclose(sma(values, period), expected, rtol=1e-12)


def test_sma_forgets_a_huge_value_as_soon_as_it_has_left_the_window() -> None:
    values = np.full(1_000, 1e-3)
    values[100:200] = 1e9
    values[0::7] *= 1.1
    result = sma(values, 30)
    for t in range(229, 1_000):
        assert result[t] == pytest.approx(math.fsum(values[t - 29 : t + 1]) / 30, rel=1e-15, abs=0)


def test_sma_has_not_drifted_after_five_million_bars() -> None:
    values = 0.1 + np.random.default_rng(2).random(5_000_000)
    result = sma(values, 30)
    for t in range(4_999_900, 5_000_000):
        assert result[t] == pytest.approx(math.fsum(values[t - 29 : t + 1]) / 30, rel=1e-15, abs=0)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 187.23, 1e-9])
def test_sma_of_a_constant_is_that_constant(value: float) -> None:
    result = sma(np.full(20_000, value), 9_999)
    np.testing.assert_allclose(result[9_998:], value, rtol=1e-15)


def test_sma_of_a_window_with_nan_is_nan_and_of_the_next_is_not() -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0, 7.0])
    expected = [np.nan, 1.5, np.nan, np.nan, 4.5, 5.5, 6.5]
    np.testing.assert_array_equal(sma(values, 2), expected)


def test_ema_by_hand() -> None:
    # seed (1 + 2 + 6) / 3 = 3, then half-way to each value: alpha = 2 / (3 + 1)
    expected = [np.nan, np.nan, 3.0, 4.0, 2.0]
    np.testing.assert_allclose(ema(np.array([1.0, 2.0, 6.0, 5.0, 0.0]), 3), expected, rtol=1e-15)


@pytest.mark.parametrize("period", [1, 2, 12, 26, 200])
def test_ema_agrees_with_pandas_seeded_by_the_first_mean(period: int) -> None:
    values = 100.0 + np.random.default_rng(3).normal(size=2_000).cumsum()
    seeded = np.concatenate(([values[:period].mean()], values[period:]))
    expected = pd.Series(seeded).ewm(span=period, adjust=False).mean().to_numpy()
    np.testing.assert_allclose(ema(values, period)[period - 1 :], expected, rtol=1e-12)
    assert np.isnan(ema(values, period)[: period - 1]).all()


def test_ema_warms_up_anew_after_nan() -> None:
    values = np.array([1.0, 3.0, np.nan, 5.0, 7.0, 9.0])
    expected = [np.nan, 2.0, np.nan, np.nan, 6.0, 8.0]
    np.testing.assert_allclose(ema(values, 2), expected, rtol=1e-15)
