"""The probability of backtest overfitting, by every split of sixteen blocks into halves."""

import numpy as np
import pytest

from domain.market.bars import Floats
from domain.optimizations.statistics.overfitting import SPLITS, cross_validate, summarise
from tests.domain.optimizations.statistics.making import noise, sums_of
from tests.domain.optimizations.statistics.reference import Split, cross_validated


def test_sixteen_blocks_have_as_many_splits_as_published() -> None:
    assert SPLITS == 12_870


RATE = 0.0002


def in_order(rows: Floats) -> Floats:
    """Rows (best, in sample, out of sample, logit), sorted by the last three."""
    ordered: Floats = rows[np.lexsort(rows[:, 3:0:-1].round(9).T)]
    return ordered


@pytest.fixture(scope="module")
def returns() -> Floats:
    """Of five trials; the third has no position in most blocks, the fourth not every day."""
    drawn = noise(5, 50)
    drawn[2, 10:] = 0.0
    drawn[3, 20:23] = np.nan
    return drawn


@pytest.fixture(scope="module")
def expected(returns: Floats) -> list[Split]:
    return cross_validated(returns, RATE)


def test_every_split_is_that_of_the_slow_reference(returns: Floats, expected: list[Split]) -> None:
    splits = cross_validate(sums_of(returns), RATE)
    assert splits is not None
    columns = (splits.best, splits.in_sample, splits.out_of_sample, splits.logits)
    found = in_order(np.stack(columns, axis=1))
    np.testing.assert_allclose(found, in_order(np.array(expected)), rtol=1e-9, atol=1e-12)
    assert set(splits.best.tolist()) == {0, 1, 2, 3, 4}


def test_a_trial_that_lost_everything_has_no_returns_any_more() -> None:
    returns = noise(3, 50)
    returns[1, 30:] = np.nan
    alone = np.delete(returns, 1, axis=0)
    splits, without = (cross_validate(sums_of(each), 0.0) for each in (returns, alone))
    assert splits is not None
    assert without is not None
    ratios = np.nan_to_num(np.concatenate([splits.in_sample, splits.out_of_sample]), nan=np.inf)
    assert np.abs(ratios).max() < 2.0
    assert set(splits.best.tolist()) == {0, 1, 2}


def test_any_number_of_trials_goes_through_the_same_splits() -> None:
    # More trials than these share less of the work: see ``_tail``.
    few = noise(30, 64)
    one, other = (cross_validate(sums_of(np.tile(few, (by, 1))), 0.0) for by in (1, 70))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(np.sort(other.best), np.sort(one.best))
    for mine, its in ((one.in_sample, other.in_sample), (one.out_of_sample, other.out_of_sample)):
        np.testing.assert_allclose(np.sort(mine), np.sort(its), rtol=1e-9, atol=1e-12)


def test_the_figures_are_those_of_the_slow_reference(
    returns: Floats, expected: list[Split]
) -> None:
    splits = cross_validate(sums_of(returns), RATE)
    assert splits is not None
    found = summarise(splits, 5, 252)
    inside = np.sqrt(252) * np.array([split.in_sample for split in expected])
    outside = np.sqrt(252) * np.array([split.out_of_sample for split in expected])
    slope, intercept = np.polyfit(inside, outside, 1)
    correlation = np.corrcoef(inside, outside)[0, 1]
    assert found.probability == np.mean([split.logit <= 0 for split in expected])
    assert found.loss_probability == np.mean(outside < 0)
    assert found.logit_median == pytest.approx(np.median([split.logit for split in expected]))
    assert found.degradation_slope == pytest.approx(slope)
    assert found.degradation_intercept == pytest.approx(intercept)
    assert found.degradation_r_squared == pytest.approx(correlation**2)
    assert found.in_sample_mean == pytest.approx(inside.mean())
    assert found.out_of_sample_mean == pytest.approx(outside.mean())
    assert (found.splits, found.trials, found.blocks) == (12_870, 5, 16)


def test_a_trial_that_is_the_best_everywhere_is_not_overfitted() -> None:
    returns = noise(10, 480)
    returns[7] += 0.05
    splits = cross_validate(sums_of(returns), 0.0)
    assert splits is not None
    assert set(splits.best.tolist()) == {7}
    found = summarise(splits, 10, 252)
    assert (found.probability, found.loss_probability) == (0.0, 0.0)
    assert found.logit_median == pytest.approx(np.log(10.0))


def test_trials_that_are_all_the_same_in_the_end_are_overfitted_for_certain() -> None:
    # What one half has gained by being chosen, the other half must lack.
    days = 320
    returns = noise(1, days)[0] * np.ones((20, 1))
    good = np.random.default_rng(2)
    for row in returns:
        shift = good.normal(0.0, 0.01, 16)
        row += np.repeat(shift - shift.mean(), days // 16)
    splits = cross_validate(sums_of(returns), 0.0)
    assert splits is not None
    found = summarise(splits, 20, 252)
    assert found.probability > 0.98
    assert found.degradation_slope is not None
    assert found.degradation_slope < -0.8


def test_trials_alike_share_their_rank_and_the_first_is_the_best() -> None:
    returns = np.tile(noise(1, 64), (3, 1))
    splits = cross_validate(sums_of(returns), 0.0)
    assert splits is not None
    assert set(splits.best.tolist()) == {0}
    assert set(splits.relative_rank.tolist()) == {0.5}
    assert summarise(splits, 3, 252).probability == 1.0


def test_trials_that_never_traded_have_no_line() -> None:
    splits = cross_validate(sums_of(np.zeros((3, 64))), 0.0)
    assert splits is not None
    found = summarise(splits, 3, 252)
    assert found.degradation_slope is None
    assert found.degradation_r_squared is None
    assert found.loss_probability == 0.0


@pytest.mark.parametrize(("trials", "days"), [(1, 320), (5, 31), (5, 0)])
def test_too_few_trials_or_days_have_no_answer(trials: int, days: int) -> None:
    assert cross_validate(sums_of(noise(trials, days)), 0.0) is None
