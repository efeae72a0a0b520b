"""Splits and dividends on raw prices: of positions, waiting orders and what a strategy is shown."""

from typing import Any

import numpy as np
import pytest

from domain.engine.course import changes_on
from domain.engine.targets import forward_adjusted
from domain.market.actions import Actions
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from tests.domain.engine.building import (
    MONDAY,
    Outcome,
    actions,
    assert_account,
    assert_cash_events,
    assert_fills,
    assert_orders,
    bars,
    run,
    run_script,
)

HALVED = [10.0, 10.0, 5.0, 5.0]  # two for one before the third bar
HOLD = [[0.5, None, None, None]]


def halved(weights: list[Any] = HOLD, **settings: Any) -> Outcome:
    split = actions("A", (2, 2.0, 0.0))
    return run_script([bars("A", HALVED, HALVED)], weights, actions=[split], **settings)


def test_a_split_leaves_the_account_as_it_was() -> None:
    outcome = halved()
    assert_account(outcome, (1000, 0), (500, 500), (500, 500), (500, 500))
    assert outcome.table("exposures")["quantity"].to_list() == [50, 100, 100]
    assert outcome.table("exposures")["price"].to_list() == [10, 5, 5]


def test_what_was_split_is_sold_whole() -> None:
    outcome = halved([[0.5, None, 0, None]])
    assert_fills(outcome, (1, "A", "buy", 50, 10, 0), (3, "A", "sell", 100, 5, 0))
    assert outcome.account[-1] == (1000, 0)


def test_actions_are_on_the_tape_held_or_not() -> None:
    given = actions("A", (0, 7.0, 9.0), (1, 1.0, 0.25), (2, 2.0, 0.5), (4, 5.0, 0.0))
    outcome = run_script([bars("A", HALVED, HALVED)], [[None] * 4], actions=[given])
    found = outcome.table("actions")
    assert outcome.rows_of(found) == [1, 2]  # of the first day and of the time after: nothing
    assert found.select("symbol", "split", "dividend").rows() == [("A", 1, 0.25), ("A", 2, 0.5)]
    assert outcome.cash_events == []


def test_a_dividend_is_paid_on_what_is_held_before_the_split_of_the_same_day() -> None:
    both = actions("A", (2, 2.0, 0.3))
    outcome = run_script([bars("A", HALVED, HALVED)], HOLD, actions=[both])
    assert_cash_events(outcome, (2, "A", "dividend", 50, 15))
    assert_account(outcome, (1000, 0), (500, 500), (515, 500), (515, 500))


def test_whoever_is_short_pays_the_dividend() -> None:
    outcome = run_script(
        [bars("A", HALVED, HALVED)],
        [[-0.5, None, None, None]],
        actions=[actions("A", (2, 2.0, 0.3))],
        allow_short=True,
    )
    assert_cash_events(outcome, (2, "A", "dividend", -50, -15))
    assert_account(outcome, (1000, 0), (1500, -500), (1485, -500), (1485, -500))


def test_bought_on_the_ex_date_gets_no_dividend() -> None:
    outcome = run_script(
        [bars("A", HALVED, HALVED)],
        [[None, 0.5, None, None]],
        actions=[actions("A", (2, 1.0, 0.3))],
    )
    assert [fill[0] for fill in outcome.fills] == [2]
    assert outcome.cash_events == []


def test_an_order_that_waits_is_for_the_same_value_after_a_split() -> None:
    outcome = halved(latency_ms=1.5 * 86_400_000)
    assert_fills(outcome, (3, "A", "buy", 100, 5, 0))
    assert_orders(outcome, (0, 1, "buy", "submitted", 50, None), (3, 1, "buy", "filled", 100, None))


def test_an_order_filled_in_part_goes_on_after_a_split() -> None:
    prices, volume = [10.0, 10.0, 5.0, 5.0], [300, 300, 300, 1000]
    outcome = run_script(
        [bars("A", prices, prices, volume=volume)],
        HOLD,
        actions=[actions("A", (2, 2.0, 0.0))],
        max_volume_participation=0.1,
    )
    assert [fill[3] for fill in outcome.fills] == [30, 30, 10]
    assert outcome.account[-1] == (500, 500)


def test_an_action_on_a_day_without_a_bar_of_its_symbol_waits_for_no_one() -> None:
    # A has no bar on days 1 and 2; B trades on. A's shares are counted anew all the same.
    outcome = run_script(
        [bars("A", [10, 10, 5], [10, 10, 5], at=[0, 1, 3]), bars("B", [1] * 5, [1] * 5)],
        [[0.5, None, None], [None] * 5],
        actions=[actions("A", (2, 2.0, 1.0)), Actions.none("B")],
    )
    assert_cash_events(outcome, (2, "A", "dividend", 50, 50))
    assert [positions for _, positions in outcome.account] == [0, 500, 500, 500, 500]


def test_an_ex_date_begins_at_midnight_in_the_timezone_of_the_run() -> None:
    # 2024-01-03 begins in New York at 05:00 UTC; 57 hours after Monday 00:00 it is 04:00 there.
    hours = [53, 54, 55, 56, 57]
    start = MONDAY - 3_600_000_000 * 3  # so that hour 56 is 05:00 UTC of the third
    data = bars("A", [10.0] * 5, [10.0] * 5, at=hours, resolution=Resolution.HOUR, start=start)
    outcome = run_script(
        [data],
        [[0.5] + [None] * 4],
        actions=[actions("A", (2, 1.0, 1.0))],
        resolution=Resolution.HOUR,
        timezone="America/New_York",
    )
    assert [event[0] for event in outcome.cash_events] == [3]


def test_strategies_see_prices_in_the_shares_of_the_first_bar() -> None:
    raw = bars("A", [10, 12, 5, 1.5], [11, 14, 6, 2], volume=[100, 100, 200, 600])
    shown = forward_adjusted(
        raw, actions("A", (2, 2.0, 9.0), (3, 3.0, 0.0)), raw.timestamp // MICROSECONDS_PER_DAY
    )
    assert shown.open.tolist() == [10, 12, 10, 9]
    assert shown.high.tolist() == [11, 14, 12, 12]
    assert shown.low.tolist() == [10, 12, 10, 9]
    assert shown.close.tolist() == [11, 14, 12, 12]
    assert shown.volume.tolist() == [100, 100, 100, 100]


def test_without_a_split_in_the_range_strategies_see_the_bars_themselves() -> None:
    raw = bars("A", HALVED, HALVED)
    days = raw.timestamp // MICROSECONDS_PER_DAY
    assert forward_adjusted(raw, actions("A", (0, 2.0, 0.0), (4, 2.0, 0.0)), days) is raw
    assert forward_adjusted(raw, actions("A", (1, 1.0, 3.0)), days) is raw


def test_a_split_that_is_still_to_come_changes_nothing_that_is_shown_before_it() -> None:
    raw = bars("A", HALVED, HALVED)
    days = raw.timestamp // MICROSECONDS_PER_DAY
    without = forward_adjusted(raw, actions("A", (1, 3.0, 0.0)), days)
    with_it = forward_adjusted(raw, actions("A", (1, 3.0, 0.0), (3, 2.0, 0.0)), days)
    assert with_it.close[:3].tolist() == without.close[:3].tolist()
    assert with_it.close[3] == 2 * without.close[3]


def test_changes_of_several_symbols_come_in_the_order_of_their_rows() -> None:
    days = np.array([3, 4, 6, 6, 9])
    given = [
        actions("A", (4, 2.0, 0.0), (7, 3.0, 0.0), start=0),
        actions("B", (3, 9.0, 0.0), (5, 1.0, 0.5), (9, 4.0, 0.0), (10, 5.0, 0.0), start=0),
    ]
    due = changes_on(days, given)
    assert due.row.tolist() == [1, 2, 4, 4]
    assert due.symbol.tolist() == [0, 1, 0, 1]
    assert due.split.tolist() == [2, 1, 3, 4]
    assert due.dividend.tolist() == [0, 0.5, 0, 0]


def traded_raw_and_adjusted(name: str, params: dict[str, Any]) -> tuple[Outcome, Outcome]:
    """A strategy on raw prices with their splits, and on prices adjusted to the first bar."""
    random = np.random.default_rng(7)
    closes = 100 * np.exp(np.cumsum(random.normal(0.001, 0.02, 600)))
    opens = closes * np.exp(random.normal(0, 0.005, 600))
    adjusted = bars("A", opens.tolist(), closes.tolist())
    splits = actions("A", (150, 2.0, 0.0), (300, 7.0, 0.0), (450, 0.1, 0.0))
    shares = splits.shares(adjusted.timestamp // MICROSECONDS_PER_DAY)
    raw = bars("A", (opens / shares).tolist(), (closes / shares).tolist())
    settings: dict[str, Any] = {"commission_bps": 5, "slippage_bps": 3, "rebalance": "weekly"}
    on_raw = run([raw], name, params, actions=[splits], **settings)
    return on_raw, run([adjusted], name, params, **settings)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("buy_and_hold", {"position_size": 0.5}),
        ("ma_crossover", {"short_period": 5, "long_period": 20}),
        ("rsi", {"period": 10, "oversold": 45, "overbought": 55}),
    ],
)
def test_raw_prices_with_their_splits_earn_what_adjusted_prices_earn(
    name: str, params: dict[str, Any]
) -> None:
    on_raw, on_adjusted = traded_raw_and_adjusted(name, params)
    assert len(on_raw.fills) == len(on_adjusted.fills) > 1
    np.testing.assert_allclose(on_raw.account, on_adjusted.account, rtol=1e-9, atol=1e-6)
