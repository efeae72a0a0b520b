"""Each metric of a return series against well-known libraries, by hand, and where undefined."""

import math

import empyrical
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from domain.engine import benchmark_metrics
from domain.engine.return_metrics import daily_returns
from domain.market.bars import Floats
from tests.domain.engine import figures_of_returns as return_metrics

RATE = 0.03
DAY_COUNTS = [252, 365]


def series(seed: int, length: int = 750) -> Floats:
    return np.random.default_rng(seed).standard_t(5, length) * 0.01 + 0.0004


every_series = pytest.mark.parametrize("returns", [series(1), series(2, 61), series(3, 7)])
every_count = pytest.mark.parametrize("n", DAY_COUNTS)


@every_series
@every_count
def test_growth_and_ratios_agree_with_empyrical(returns: Floats, n: int) -> None:
    final = float(np.prod(1.0 + returns))
    assert return_metrics.annualized_return(1.0, final, len(returns), n) == pytest.approx(
        100 * empyrical.annual_return(returns, annualization=n), rel=1e-10
    )
    assert return_metrics.volatility(returns, n) == pytest.approx(
        100 * empyrical.annual_volatility(returns, annualization=n), rel=1e-12
    )
    assert return_metrics.sharpe_ratio(returns, n, RATE) == pytest.approx(
        empyrical.sharpe_ratio(returns, risk_free=RATE / n, annualization=n), rel=1e-12
    )
    assert return_metrics.sortino_ratio(returns, n, RATE) == pytest.approx(
        empyrical.sortino_ratio(returns, required_return=RATE / n, annualization=n), rel=1e-12
    )


@every_series
def test_tails_agree_with_empyrical(returns: Floats) -> None:
    assert return_metrics.value_at_risk(returns) == pytest.approx(
        -100 * empyrical.value_at_risk(returns, 0.05), rel=1e-12
    )
    assert return_metrics.conditional_value_at_risk(returns) == pytest.approx(
        -100 * empyrical.conditional_value_at_risk(returns, 0.05), rel=1e-12
    )


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=200))
def test_the_quantile_is_numpys_and_the_tail_holds_all_up_to_it(values: list[float]) -> None:
    returns = np.array(values)
    quantile = float(np.quantile(returns, 0.05))
    found = return_metrics.value_at_risk(returns)
    tail = return_metrics.conditional_value_at_risk(returns)
    assert found == pytest.approx(-100 * quantile, abs=1e-12)
    assert tail is not None
    assert found is not None
    assert tail >= found - 1e-12


@every_series
def test_shape_agrees_with_scipy_and_pandas(returns: Floats) -> None:
    skewness, kurtosis = return_metrics.skewness(returns), return_metrics.kurtosis(returns)
    assert skewness == pytest.approx(stats.skew(returns, bias=False), rel=1e-10)
    assert skewness == pytest.approx(pd.Series(returns).skew(), rel=1e-10)
    assert kurtosis == pytest.approx(stats.kurtosis(returns, bias=False), rel=1e-10)
    assert kurtosis == pytest.approx(pd.Series(returns).kurt(), rel=1e-10)


@every_series
@every_count
def test_comparison_with_a_benchmark_agrees_with_empyrical(returns: Floats, n: int) -> None:
    benchmark = 0.6 * returns + series(4, len(returns))
    active = returns - benchmark
    assert benchmark_metrics.beta(returns, benchmark) == pytest.approx(
        empyrical.beta(returns, benchmark), rel=1e-12
    )
    assert benchmark_metrics.alpha(returns, benchmark, n, RATE) == pytest.approx(
        100 * empyrical.alpha(returns, benchmark, risk_free=RATE / n, annualization=n), rel=1e-10
    )
    assert benchmark_metrics.information_ratio(returns, benchmark, n) == pytest.approx(
        empyrical.excess_sharpe(returns, benchmark) * math.sqrt(n), rel=1e-12
    )
    assert benchmark_metrics.tracking_error(returns, benchmark, n) == pytest.approx(
        100 * active.std(ddof=1) * math.sqrt(n), rel=1e-12
    )


def test_by_hand() -> None:
    returns = np.array([0.02, -0.01, 0.02, -0.01])
    # mean 0.005, deviations ±0.015: sample deviation 0.015 * √(4/3); shortfalls 0, 0.01, 0, 0.01
    deviation = 0.015 * math.sqrt(4 / 3)
    assert return_metrics.volatility(returns, 252) == pytest.approx(
        100 * deviation * math.sqrt(252)
    )
    assert return_metrics.sharpe_ratio(returns, 252, 0.0) == pytest.approx(
        0.005 / deviation * math.sqrt(252)
    )
    assert return_metrics.sortino_ratio(returns, 252, 0.0) == pytest.approx(
        0.005 / (0.01 / math.sqrt(2)) * math.sqrt(252)
    )
    assert return_metrics.annualized_return(100.0, 121.0, 504, 252) == pytest.approx(10.0)
    assert return_metrics.calmar_ratio(10.0, 4.0) == 2.5
    assert return_metrics.value_at_risk(np.array([-0.03, 0.01])) == pytest.approx(2.8)
    assert return_metrics.conditional_value_at_risk(np.array([-0.03, 0.01])) == 3.0


def test_a_benchmark_held_at_double_weight_has_beta_two_and_no_alpha() -> None:
    benchmark = series(5)
    assert benchmark_metrics.beta(2 * benchmark, benchmark) == pytest.approx(2.0, rel=1e-14)
    assert benchmark_metrics.alpha(2 * benchmark, benchmark, 252, 0.0) == pytest.approx(
        0.0, abs=1e-12
    )


@pytest.mark.parametrize("length", [0, 1])
def test_fewer_than_two_returns_define_nothing(length: int) -> None:
    returns = np.full(length, 0.01)
    assert return_metrics.annualized_return(1.0, 1.01, length, 252) is None
    assert return_metrics.volatility(returns, 252) is None
    assert return_metrics.sharpe_ratio(returns, 252, 0.0) is None
    assert return_metrics.sortino_ratio(returns, 252, 0.0) is None
    assert return_metrics.value_at_risk(returns) is None
    assert return_metrics.conditional_value_at_risk(returns) is None
    assert return_metrics.skewness(returns) is None
    assert return_metrics.kurtosis(returns) is None
    assert benchmark_metrics.beta(returns, returns) is None
    assert benchmark_metrics.alpha(returns, returns, 252, 0.0) is None
    assert benchmark_metrics.tracking_error(returns, returns, 252) is None
    assert benchmark_metrics.information_ratio(returns, returns, 252) is None


def test_shape_needs_three_and_four_returns() -> None:
    assert return_metrics.skewness(series(6, 2)) is None
    assert return_metrics.skewness(series(6, 3)) is not None
    assert return_metrics.kurtosis(series(6, 3)) is None
    assert return_metrics.kurtosis(series(6, 4)) is not None


def test_variance_that_is_only_rounding_divides_nothing() -> None:
    steady = np.diff(1.01 ** np.arange(300)) / 1.01 ** np.arange(299)
    assert 0.0 < steady.std() < 1e-12
    assert return_metrics.sharpe_ratio(steady, 252, 0.0) is None
    assert return_metrics.skewness(steady) is None
    assert return_metrics.kurtosis(steady) is None
    assert benchmark_metrics.beta(series(7, 299), steady) is None
    assert benchmark_metrics.information_ratio(steady, steady, 252) is None
    assert benchmark_metrics.tracking_error(steady, steady, 252) == 0.0


def test_no_shortfall_no_drawdown_and_no_growth_define_no_ratio() -> None:
    assert return_metrics.sortino_ratio(np.array([0.01, 0.02]), 252, 0.0) is None
    assert return_metrics.calmar_ratio(5.0, 0.0) is None
    assert return_metrics.calmar_ratio(None, 5.0) is None


def test_a_loss_of_everything_is_minus_100_percent_and_a_debt_is_undefined() -> None:
    assert return_metrics.annualized_return(100.0, 0.0, 10, 252) == -100.0
    assert return_metrics.annualized_return(100.0, -5.0, 10, 252) is None


def test_growth_past_the_range_of_a_float_is_undefined() -> None:
    assert return_metrics.annualized_return(1e-6, 1e12, 2, 365) is None


def test_returns_after_a_mark_of_nothing_are_undefined() -> None:
    returns = daily_returns(np.array([100.0, 110.0, 0.0, 5.0, -5.0, 1.0]))
    np.testing.assert_allclose(returns, [0.1, -1.0, np.nan, -2.0, np.nan])
