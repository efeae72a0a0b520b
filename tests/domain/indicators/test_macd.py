"""Moving-average convergence and divergence."""

import numpy as np
import pytest

from domain.indicators import ema, macd


def test_by_hand() -> None:
    # The fast average (1) is the value itself. The slow one (2) starts with the mean, 2, and goes
    # two thirds of the way to each value: 4, 6, 5. So the line is 1, 1, 1, -0.5, and its average
    # over 2 starts with 1 and goes two thirds of the way: 1, 0.
    lines = macd(np.array([1.0, 3.0, 5.0, 7.0, 4.5]), 1, 2, 2)
    np.testing.assert_allclose(lines.line, [np.nan, 1.0, 1.0, 1.0, -0.5], atol=1e-14)
    np.testing.assert_allclose(lines.signal, [np.nan, np.nan, 1.0, 1.0, 0.0], atol=1e-14)
    np.testing.assert_allclose(lines.histogram, [np.nan, np.nan, 0.0, 0.0, -0.5], atol=1e-14)


@pytest.mark.parametrize(("fast", "slow", "signal"), [(12, 26, 9), (3, 10, 16), (30, 5, 1)])
def test_it_is_made_of_the_same_bits_as_ema(fast: int, slow: int, signal: int) -> None:
    values = 100.0 + np.random.default_rng(15).normal(size=500).cumsum()
    lines = macd(values, fast, slow, signal)
    line = ema(values, fast) - ema(values, slow)
    np.testing.assert_array_equal(lines.line, line)
    np.testing.assert_array_equal(lines.signal, ema(line, signal))
    np.testing.assert_array_equal(lines.histogram, line - lines.signal)


def test_a_nan_starts_the_warm_up_of_all_three_anew() -> None:
    values = 100.0 + np.random.default_rng(16).normal(size=100).cumsum()
    values[49] = np.nan
    again = macd(values[50:], 12, 26, 9)
    for whole, part in zip(macd(values, 12, 26, 9), again, strict=True):
        assert np.isnan(whole[49])
        np.testing.assert_array_equal(whole[50:], part)
