"""Wilder's RSI: a published example, a plain computation, and the edges."""

import numpy as np
import pytest

from domain.indicators import rsi
from domain.market.bars import Floats

# StockCharts' worked example (14 periods, QQQQ)
CLOSES = [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826,
    45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439,
]  # fmt: skip
PUBLISHED = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97]


def plain_rsi(close: Floats, period: int) -> list[float]:
    changes = np.diff(close)
    gain = changes[:period].clip(min=0).sum() / period
    loss = -changes[:period].clip(max=0).sum() / period
    result = [100 * gain / (gain + loss)]
    for change in changes[period:]:
        gain = (gain * (period - 1) + max(change, 0)) / period
        loss = (loss * (period - 1) + max(-change, 0)) / period
        result.append(100 * gain / (gain + loss))
    return result


def test_the_published_example() -> None:
    result = rsi(np.array(CLOSES), 14)
    assert np.isnan(result[:14]).all()
    np.testing.assert_array_equal(result[14:].round(2), PUBLISHED)


@pytest.mark.parametrize("period", [1, 2, 14, 50])
def test_it_agrees_with_a_plain_computation(period: int) -> None:
    close = 100.0 + np.random.default_rng(4).normal(size=1_000).cumsum()
    np.testing.assert_allclose(rsi(close, period)[period:], plain_rsi(close, period), rtol=1e-11)


def test_only_gains_are_100_and_only_losses_0() -> None:
    assert rsi(np.arange(1.0, 9.0), 3)[3:].tolist() == [100.0] * 5
    assert rsi(np.arange(9.0, 1.0, -1.0), 3)[3:].tolist() == [0.0] * 5


def test_nothing_moved_is_nan_rather_than_oversold() -> None:
    result = rsi(np.array([5.0, 5.0, 5.0, 5.0, 6.0]), 2)
    assert np.isnan(result[:4]).all()
    assert result[4] == 100.0


def test_a_nan_starts_the_warm_up_anew() -> None:
    close = np.array([1.0, 2.0, 3.0, np.nan, 5.0, 4.0, 3.0])
    expected = [np.nan, np.nan, 100.0, np.nan, np.nan, np.nan, 0.0]
    np.testing.assert_array_equal(rsi(close, 2), expected)
