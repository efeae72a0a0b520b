"""Weights that drift are brought back at the first bar of each period, if asked."""

import pytest

from domain.market.resolution import Resolution
from tests.domain.engine.building import Outcome, assert_fills, bars, run_script

TWICE = [10.0, 10.0, 20.0, 20.0, 20.0]


def fill_bars(outcome: Outcome) -> list[int]:
    return [fill[0] for fill in outcome.fills]


def test_daily_brings_a_drifted_weight_back() -> None:
    # 50 shares double: 500 cash and 1000 stock at bar 2. Half of 1500 at 20 is 37.5 shares.
    outcome = run_script([bars("A", TWICE, TWICE)], [[0.5] + [None] * 4], rebalance="daily")
    assert_fills(outcome, (1, "A", "buy", 50, 10, 0), (3, "A", "sell", 12.5, 20, 0))


def test_on_change_leaves_it() -> None:
    outcome = run_script([bars("A", TWICE, TWICE)], [[0.5] + [None] * 4])
    assert fill_bars(outcome) == [1]


@pytest.mark.parametrize(("rebalance", "aligned"), [("weekly", [7, 14, 21, 28]), ("monthly", [31])])
def test_weeks_begin_on_monday_and_months_on_the_first(rebalance: str, aligned: list[int]) -> None:
    # From Monday, 1 January 2024, on; every bar drifts.
    prices = [10.0 + day for day in range(35)]
    outcome = run_script([bars("A", prices, prices)], [[0.5] + [None] * 34], rebalance=rebalance)
    assert fill_bars(outcome) == [1] + [day + 1 for day in aligned]


def test_the_period_begins_at_the_first_bar_there_is() -> None:
    # Monday the 8th is missing: Tuesday the 9th is the first of its week.
    prices = [10.0, 11.0, 12.0, 13.0, 14.0]
    data = [bars("A", prices, prices, at=[0, 4, 8, 9, 10])]
    outcome = run_script(data, [[0.5] + [None] * 4], rebalance="weekly")
    assert fill_bars(outcome) == [1, 3]


def test_a_day_is_one_of_the_time_zone() -> None:
    prices = [10.0 + hour for hour in range(10)]
    data = [bars("A", prices, prices, resolution=Resolution.HOUR)]
    outcome = run_script(
        data,
        [[0.5] + [None] * 9],
        resolution=Resolution.HOUR,
        timezone="America/New_York",
        rebalance="daily",
    )
    assert fill_bars(outcome) == [1, 6]  # midnight in New York is 05:00 UTC


def test_a_symbol_that_was_left_is_not_bought_back() -> None:
    prices = [10.0] * 5
    outcome = run_script(
        [bars("A", prices, prices)], [[0.5, 0, None, None, None]], rebalance="daily"
    )
    assert [fill[2] for fill in outcome.fills] == ["buy", "sell"]


def test_what_rounding_makes_of_a_weight_is_no_drift() -> None:
    # After the sale at bar 3 the weight is off by a last bit, day after day; each order of 1e-14
    # shares would cost the minimum commission.
    prices = [10.0, 10.0] + [11.03] * 20
    outcome = run_script([bars("A", prices, prices)], [[0.3] + [None] * 21], rebalance="daily")
    assert fill_bars(outcome) == [1, 3]
    assert len(outcome.orders) == 4


def test_each_symbol_is_aligned_at_its_own_first_bar_of_the_period() -> None:
    prices = [10.0, 10.0, 20.0, 20.0, 20.0, 20.0]
    late = bars("B", [5, 5, 5], [5, 5, 5], at=[0, 1, 9])
    outcome = run_script(
        [bars("A", prices, prices, at=[0, 1, 7, 8, 9, 10]), late],
        [[0.5] + [None] * 5, [0.2, None, None]],
        rebalance="weekly",
    )
    # A at day 7, filled at day 8. B at day 9, when 20 % of 1500 are 60 shares: 20 more, too late.
    assert fill_bars(outcome) == [1, 1, 3]
    assert [order[:4] for order in outcome.orders[-2:]] == [
        (4, 4, "buy", "submitted"),
        (5, 4, "buy", "expired"),
    ]
    assert outcome.orders[-1][4] == pytest.approx(20, rel=1e-12)
