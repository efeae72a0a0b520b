"""Rolling figures: those of pandas over the same window, and none where there is nothing to say."""

import math

import numpy as np
import pandas as pd
import pytest

from domain.analysis import rolling
from domain.analysis.rolling import rolling_risk, window_of
from domain.engine.return_metrics import sharpe_ratio, volatility


def returns(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0005, 0.01, count)


def test_half_a_year_is_so_many_days() -> None:
    assert (window_of(252), window_of(365)) == (126, 182)


@pytest.mark.parametrize("windows_at_once", [7, 4_096])
def test_volatility_and_sharpe_ratio_are_those_of_pandas(
    windows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rolling, "WINDOWS_AT_ONCE", windows_at_once)
    series = returns(300)
    found_volatility, found_ratio = rolling_risk(series, 63, 252, 0.02)
    windows = pd.Series(series).rolling(63)
    deviation = windows.std()
    np.testing.assert_allclose(found_volatility, 100 * deviation * math.sqrt(252), rtol=1e-9)
    ratio = (windows.mean() - 0.02 / 252) / deviation * math.sqrt(252)
    np.testing.assert_allclose(found_ratio, ratio, rtol=1e-9)


def test_each_window_is_what_the_metrics_say_of_it() -> None:
    series = returns(70)
    found_volatility, found_ratio = rolling_risk(series, 20, 365, 0.01)
    for end in range(20, 71):
        window = series[end - 20 : end]
        assert found_volatility[end - 1] == pytest.approx(volatility(window, 365))
        assert found_ratio[end - 1] == pytest.approx(sharpe_ratio(window, 365, 0.01))


def test_before_the_first_whole_window_there_is_nothing() -> None:
    for found in rolling_risk(returns(10), 10, 252, 0.0):
        assert list(np.isnan(found)) == [True] * 9 + [False]
    for found in rolling_risk(returns(5), 10, 252, 0.0):
        assert np.isnan(found).all()


def test_returns_that_do_not_vary_have_no_sharpe_ratio() -> None:
    found_volatility, found_ratio = rolling_risk(np.zeros(12), 10, 252, 0.0)
    assert list(found_volatility[9:]) == [0.0, 0.0, 0.0]
    assert np.isnan(found_ratio).all()


def test_a_window_with_an_undefined_return_is_undefined() -> None:
    series = returns(30)
    series[4] = np.nan
    found_volatility, _ = rolling_risk(series, 10, 252, 0.0)
    assert list(np.isnan(found_volatility)) == [True] * 14 + [False] * 16
