"""The probabilistic and the deflated Sharpe ratio, against their authors' own examples."""

import math

import numpy as np
import pytest

from domain.optimizations.statistics.blocks import Moments
from domain.optimizations.statistics.deflated_sharpe import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe_ratio,
    probabilistic_sharpe_ratio,
)

# Bailey and López de Prado 2012, section 3: two years of a hedge fund's monthly returns.
FUND = Moments(observations=24, sharpe_ratio=0.458, skewness=-2.448, kurtosis=10.164)
# Bailey and López de Prado 2014, "A numerical example": five years of daily returns, an annual
# Sharpe ratio of 2.5 over 250 days, found in trials whose annual ratios have a variance of 1/2.
STRATEGY = Moments(1_250, 2.5 / math.sqrt(250), skewness=-3.0, kurtosis=10.0)
VARIANCE = 0.5 / 250


def test_a_fund_that_looks_good_until_its_tails_are_looked_at() -> None:
    normal = FUND._replace(skewness=0.0, kurtosis=3.0)
    assert probabilistic_sharpe_ratio(normal) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe_ratio(FUND) == pytest.approx(0.913, abs=5e-4)


def test_the_best_of_a_hundred_trials() -> None:
    assert expected_maximum_sharpe_ratio(100, VARIANCE) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe_ratio(STRATEGY, 100, VARIANCE) == pytest.approx(0.9004, abs=5e-5)


def test_so_many_trials_would_have_been_convincing() -> None:
    assert deflated_sharpe_ratio(STRATEGY, 46, VARIANCE) == pytest.approx(0.9505, abs=5e-5)
    normal = STRATEGY._replace(skewness=0.0, kurtosis=3.0)
    assert deflated_sharpe_ratio(normal, 88, VARIANCE) == pytest.approx(0.9505, abs=5e-5)


def test_the_best_of_ten_strategies_worth_nothing() -> None:
    # Bailey, Borwein, López de Prado and Zhu, "Pseudo-Mathematics and Financial Charlatanism",
    # Notices of the AMS 61(5), 2014: 1.57 is to be expected of ten trials.
    assert expected_maximum_sharpe_ratio(10, 1.0) == pytest.approx(1.57, abs=0.01)
    drawn = np.random.default_rng(7).normal(size=(20_000, 10)).max(axis=1).mean()
    assert expected_maximum_sharpe_ratio(10, 1.0) == pytest.approx(drawn, rel=0.05)


def test_a_single_trial_is_not_deflated() -> None:
    assert expected_maximum_sharpe_ratio(1, VARIANCE) == 0.0
    assert deflated_sharpe_ratio(STRATEGY, 1, VARIANCE) == probabilistic_sharpe_ratio(STRATEGY)


def test_more_trials_and_more_variance_leave_less() -> None:
    few, more = (deflated_sharpe_ratio(STRATEGY, trials, VARIANCE) for trials in (20, 200))
    alike, different = (deflated_sharpe_ratio(STRATEGY, 20, VARIANCE * by) for by in (1.0, 4.0))
    assert few is not None
    assert more is not None
    assert more < few
    assert alike is not None
    assert different is not None
    assert different < alike


def test_returns_of_two_values_only_leave_no_error_to_judge_by() -> None:
    # The radicand of a coin that pays SR ± 1 with the skewness that makes it 0.
    certain = Moments(observations=10, sharpe_ratio=2.0, skewness=1.0, kurtosis=2.0)
    assert probabilistic_sharpe_ratio(certain) is None
