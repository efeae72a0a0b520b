"""Depth and duration of drawdowns."""

import empyrical
import numpy as np
import pytest

from domain.engine.drawdown import Drawdown, maximum_drawdown


def drawdown(*equity: float, days: list[int] | None = None) -> Drawdown:
    numbers = np.array(days or range(len(equity)), dtype=np.int64)
    return maximum_drawdown(100.0, np.array(equity, dtype=np.float64), numbers)


def test_no_fall_is_no_drawdown() -> None:
    assert drawdown(100, 101, 101, 102) == (0.0, 0)


def test_the_peak_starts_at_the_initial_capital() -> None:
    assert drawdown(80, 90) == pytest.approx((0.2, 1))


def test_it_lasts_from_the_last_touch_of_the_peak_to_the_recovery() -> None:
    assert drawdown(110, 110, 88, 99, 110, 120) == pytest.approx((0.2, 3))


def test_an_open_one_counts_to_the_end() -> None:
    assert drawdown(100, 99, 100, 99, 99, 99.5).days == 3


def test_the_deepest_and_the_longest_may_be_two() -> None:
    assert drawdown(100, 50, 100, 99, 99, 99, 100) == pytest.approx((0.5, 4))


def test_days_are_calendar_days_however_many_rows_they_have() -> None:
    # Friday, Friday, Monday, Monday
    assert drawdown(100, 98, 99, 100, days=[4, 4, 7, 7]).days == 3
    assert drawdown(100, 98, 100, 100, days=[4, 4, 4, 4]) == pytest.approx((0.02, 0))


def test_rounding_is_no_drawdown() -> None:
    assert drawdown(100, 100 - 2e-14, 100 - 2e-14) == (0.0, 0)


def test_debt_is_a_fall_of_more_than_everything() -> None:
    assert drawdown(100, -50).depth == 1.5


@pytest.mark.parametrize("seed", range(5))
def test_the_depth_agrees_with_empyrical(seed: int) -> None:
    returns = np.random.default_rng(seed).normal(0.0003, 0.01, 2_000)
    equity = 100.0 * np.cumprod(1.0 + returns)
    assert drawdown(*equity).depth == pytest.approx(-empyrical.max_drawdown(returns), rel=1e-12)
