"""Standard deviation and z-score of exact windows."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import rolling_std, zscore
from domain.market.bars import Floats


def exact_std(window: Floats, ddof: int) -> float:
    values = [Fraction(value) for value in window.tolist()]
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - ddof))


@given(
    st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=50),
    st.integers(2, 12),
    st.sampled_from([0, 1]),
)
def test_the_deviation_is_that_of_the_exact_window(
    values: list[float], period: int, ddof: int
) -> None:
    column = np.array(values)
    result = rolling_std(column, period, ddof)
    assert np.isnan(result[: period - 1]).all()
    for t in range(period - 1, len(column)):
        window = column[t - period + 1 : t + 1]
        assert abs(result[t] - exact_std(window, ddof)) <= 1e-12 * window.mean()


@pytest.mark.parametrize("period", [2, 20, 500])
def test_both_agree_with_pandas(period: int) -> None:
    values = 100.0 + np.random.default_rng(5).normal(size=3_000).cumsum()
    windows = pd.Series(values).rolling(period)
    deviation = windows.std()
    np.testing.assert_allclose(rolling_std(values, period), deviation, rtol=1e-9)
    np.testing.assert_allclose(
        zscore(values, period), (values - windows.mean()) / deviation, rtol=1e-9, atol=1e-9
    )


def test_a_huge_value_leaves_no_trace_once_out_of_the_window() -> None:
    values = 1e-3 * (1.0 + np.random.default_rng(6).random(2_000))
    values[500:510] = 1e9
    result = rolling_std(values, 20)
    for t in range(529, 2_000):
        expected = exact_std(values[t - 19 : t + 1], 1)
        assert result[t] == pytest.approx(expected, rel=1e-12, abs=0)


def test_it_has_not_drifted_after_five_million_bars() -> None:
    values = 1e6 + np.random.default_rng(7).random(5_000_000)
    result = rolling_std(values, 30)
    for t in range(4_999_950, 5_000_000):
        assert abs(result[t] - exact_std(values[t - 29 : t + 1], 1)) <= 1e-12 * 1e6


@pytest.mark.parametrize("value", [0.1, 187.23, -3.0, 0.0])
def test_a_constant_has_no_deviation_and_no_score(value: float) -> None:
    values = np.full(100, value)
    assert (rolling_std(values, 7)[6:] == 0.0).all()
    assert np.isnan(zscore(values, 7)).all()


def test_a_deviation_that_is_only_rounding_gives_no_score() -> None:
    values = np.tile([0.3, 0.1 + 0.2], 10)
    assert values[0] != values[1]
    assert np.isnan(zscore(values, 4)).all()


def test_scores_by_hand() -> None:
    # window 1, 2, 6: mean 3, sample deviation √7
    result = zscore(np.array([1.0, 2.0, 6.0]), 3)
    assert result[2] == pytest.approx(3 / math.sqrt(7), rel=1e-15, abs=0)


def test_a_window_too_short_for_a_deviation_is_nan() -> None:
    values = np.array([1.0, 2.0, 4.0])
    assert np.isnan(rolling_std(values, 1)).all()
    assert np.isnan(zscore(values, 1)).all()
    assert (rolling_std(values, 1, ddof=0) == 0.0).all()


def test_only_windows_that_hold_a_nan_are_nan() -> None:
    values = np.array([1.0, 3.0, np.nan, 5.0, 7.0, 9.0])
    held = [True, False, True, True, False, False]
    np.testing.assert_array_equal(np.isnan(rolling_std(values, 2)), held)
    np.testing.assert_array_equal(np.isnan(zscore(values, 2)), held)
