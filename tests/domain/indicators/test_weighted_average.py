"""Weighted means of exact windows."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import wma
from domain.market.bars import Floats


def exact_average(window: Floats) -> float:
    weighted = (rank * Fraction(value) for rank, value in enumerate(window.tolist(), start=1))
    return float(sum(weighted) / sum(range(1, len(window) + 1)))


@given(
    st.lists(st.floats(-1e12, 1e12, width=64), min_size=1, max_size=60),
    st.integers(1, 12),
)
def test_it_is_the_weighted_mean_of_the_exact_window(values: list[float], period: int) -> None:
    column = np.array(values)
    result = wma(column, period)
    assert np.isnan(result[: period - 1]).all()
    for t in range(period - 1, len(column)):
        window = column[t - period + 1 : t + 1]
        assert abs(result[t] - exact_average(window)) <= 1e-15 * exact_average(np.abs(window))


def test_by_hand() -> None:
    # (1 * 4 + 2 * 1 + 3 * 10) / 6, then (1 * 1 + 2 * 10 + 3 * 5) / 6
    np.testing.assert_array_equal(wma(np.array([4.0, 1.0, 10.0, 5.0]), 3)[2:], [6.0, 6.0])


def test_it_agrees_with_pandas() -> None:
    values = 100.0 + np.random.default_rng(12).normal(size=2_000).cumsum()
    weights = np.arange(1.0, 31.0)
    expected = (
        pd.Series(values)
        .rolling(30)
        .apply(lambda window: float(np.dot(window, weights) / weights.sum()), raw=True)
    )
    np.testing.assert_allclose(wma(values, 30), expected, rtol=1e-12)


def test_it_has_not_drifted_after_a_million_bars() -> None:
    values = 0.1 + np.random.default_rng(13).random(1_000_000)
    result = wma(values, 30)
    for t in range(999_900, 1_000_000):
        assert result[t] == pytest.approx(exact_average(values[t - 29 : t + 1]), rel=1e-15, abs=0)


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_a_long_window_is_as_exact_as_a_short_one(spread: float) -> None:
    values = 0.1 + spread * np.random.default_rng(19).random(12_000)
    result = wma(values, 5_000)
    for t in range(4_999, 12_000, 500):
        assert result[t] == pytest.approx(
            exact_average(values[t - 4_999 : t + 1]), rel=5e-16, abs=0
        )


def test_a_huge_value_leaves_no_trace_once_out_of_the_window() -> None:
    values = np.full(300, 1e-3)
    values[50:100] = 1e9
    np.testing.assert_allclose(wma(values, 30)[129:], 1e-3, rtol=1e-15)


def test_only_windows_that_hold_a_nan_are_nan() -> None:
    values = np.array([1.0, 4.0, np.nan, 1.0, 4.0, 7.0])
    np.testing.assert_array_equal(wma(values, 2), [np.nan, 3.0, np.nan, np.nan, 3.0, 6.0])
