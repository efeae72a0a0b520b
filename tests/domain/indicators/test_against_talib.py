"""Every indicator that TA-Lib has too, on the same prices."""

from collections.abc import Callable

import numpy as np
import pytest
import talib

from domain.indicators import (
    atr,
    bollinger,
    ema,
    macd,
    momentum,
    rolling_max,
    rolling_min,
    rolling_std,
    rsi,
    sma,
    true_range,
    wma,
)
from domain.market.bars import Floats

RANDOM = np.random.default_rng(20)
CLOSE = 100.0 + RANDOM.normal(size=3_000).cumsum() * 0.2
HIGH, LOW = CLOSE + RANDOM.random(3_000), CLOSE - RANDOM.random(3_000)

PAIRS: dict[str, tuple[Callable[[int], Floats], Callable[[int], Floats]]] = {
    "sma": (lambda n: sma(CLOSE, n), lambda n: talib.SMA(CLOSE, n)),
    "wma": (lambda n: wma(CLOSE, n), lambda n: talib.WMA(CLOSE, n)),
    "ema": (lambda n: ema(CLOSE, n), lambda n: talib.EMA(CLOSE, n)),
    "rsi": (lambda n: rsi(CLOSE, n), lambda n: talib.RSI(CLOSE, n)),
    "atr": (lambda n: atr(HIGH, LOW, CLOSE, n), lambda n: talib.ATR(HIGH, LOW, CLOSE, n)),
    "momentum": (lambda n: momentum(CLOSE, n), lambda n: talib.ROCP(CLOSE, n)),
    "rolling_max": (lambda n: rolling_max(HIGH, n), lambda n: talib.MAX(HIGH, n)),
    "rolling_min": (lambda n: rolling_min(LOW, n), lambda n: talib.MIN(LOW, n)),
    # TA-Lib takes a difference of squares, which costs half of its digits
    "rolling_std": (lambda n: rolling_std(CLOSE, n, ddof=0), lambda n: talib.STDDEV(CLOSE, n, 1)),
}
LOOSE = {"rolling_std": 1e-5}


@pytest.mark.parametrize("period", [2, 14, 200])
@pytest.mark.parametrize("name", PAIRS)
def test_it_agrees_from_the_first_value_to_the_last(name: str, period: int) -> None:
    ours, theirs = PAIRS[name]
    tolerance = LOOSE.get(name, 1e-9)
    np.testing.assert_allclose(ours(period), theirs(period), rtol=tolerance, atol=tolerance)


def test_true_range_agrees() -> None:
    expected = talib.TRANGE(HIGH, LOW, CLOSE)
    np.testing.assert_allclose(true_range(HIGH, LOW, CLOSE), expected, rtol=1e-12)


def test_bollinger_bands_agree() -> None:
    upper, middle, lower = talib.BBANDS(CLOSE, 20, 2.0, 2.0)
    for ours, theirs in zip(bollinger(CLOSE, 20, 2.0), (lower, middle, upper), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8)


def test_the_macd_line_is_the_difference_of_their_averages() -> None:
    lines = macd(CLOSE, 12, 26, 9)
    expected = talib.EMA(CLOSE, 12) - talib.EMA(CLOSE, 26)
    np.testing.assert_allclose(lines.line, expected, atol=1e-10)
    signal = np.concatenate((np.full(25, np.nan), talib.EMA(expected[25:], 9)))
    np.testing.assert_allclose(lines.signal, signal, atol=1e-10)
    np.testing.assert_allclose(lines.histogram, expected - signal, atol=1e-10)


def test_macd_agrees_with_their_macd_once_the_later_seed_has_faded() -> None:
    for ours, theirs in zip(macd(CLOSE, 12, 26, 9), talib.MACD(CLOSE, 12, 26, 9), strict=True):
        np.testing.assert_array_equal(np.isnan(ours[33:]), np.isnan(theirs[33:]))
        assert not np.allclose(ours[33:60], theirs[33:60], rtol=0, atol=1e-6)
        np.testing.assert_allclose(ours[300:], theirs[300:], atol=1e-9)
