"""What borrowed shares and borrowed cash cost: so many bps a year of 365 days, for the time."""

from domain.market.resolution import Resolution
from tests.domain.engine.acting import act, at
from tests.domain.engine.building import assert_account, assert_cash_events, bars, run_script

A_DAY = 0.365 / 365  # at 3,650 bps a year


def test_borrowed_shares_cost_their_rate_for_each_day_at_the_last_close() -> None:
    outcome = run_script(
        [bars("A", [10, 10, 20, 20], [10, 10, 20, 20])],
        [[-0.5, None, None, None]],
        allow_short=True,
        borrow_bps=3_650,
    )
    assert_cash_events(
        outcome,
        (2, "A", "borrow", -50, -50 * 10 * A_DAY),
        (3, "A", "borrow", -50, -50 * 20 * A_DAY),
    )
    assert_account(outcome, (1000, 0), (1500, -500), (1499.5, -1000), (1498.5, -1000))


def test_borrowed_cash_costs_the_same() -> None:
    prices = [10.0] * 3
    outcome = run_script(
        [bars("A", prices, prices)], [[2, None, None]], max_leverage=2, borrow_bps=3_650
    )
    assert_cash_events(outcome, (2, None, "borrow", -1000, -1))
    assert_account(outcome, (1000, 0), (-1000, 2000), (-1001, 2000))


def test_the_time_that_passes_counts_not_the_bars() -> None:
    # Sold short on Friday, then a weekend and a hole until Wednesday.
    prices = [10.0] * 4
    outcome = run_script(
        [bars("A", prices, prices, at=[3, 4, 7, 9])],
        [[-0.5, None, None, None]],
        allow_short=True,
        borrow_bps=3_650,
    )
    assert_cash_events(
        outcome,
        (2, "A", "borrow", -50, -500 * 3 * A_DAY),
        (3, "A", "borrow", -50, -500 * 2 * A_DAY),
    )


def test_a_minute_costs_a_minute() -> None:
    prices = [10.0] * 3
    outcome = run_script(
        [bars("A", prices, prices, resolution=Resolution.MINUTE)],
        [[-0.5, None, None]],
        resolution=Resolution.MINUTE,
        allow_short=True,
        borrow_bps=3_650,
    )
    assert_cash_events(outcome, (2, "A", "borrow", -50, -500 * A_DAY / 1440))


def test_what_is_owned_and_cash_that_is_there_cost_nothing() -> None:
    prices = [10.0] * 4
    outcome = run_script(
        [bars("A", prices, prices)], [[1, None, 0.5, None]], allow_short=True, borrow_bps=9_999
    )
    assert outcome.cash_events == []


def test_cash_that_rounding_leaves_below_zero_costs_nothing() -> None:
    # 0.3 - 0.1 - 0.1 - 0.1 is less than nothing by a last bit.
    prices = [0.1] * 4
    three = at({0: lambda context: [context.buy("A", 1) for _ in range(3)]})
    outcome = act(
        [bars("A", prices, prices)], three, capital=0.3, allow_short=True, borrow_bps=3_650
    )
    assert -1e-16 < outcome.account[-1][0] < 0
    assert outcome.cash_events == []


def test_each_symbol_that_is_short_pays_and_the_others_do_not() -> None:
    prices = [10.0] * 3
    outcome = run_script(
        [bars(symbol, prices, prices) for symbol in "ABC"],
        [[-0.2, None, None], [0.5, None, None], [-0.3, None, None]],
        allow_short=True,
        borrow_bps=3_650,
    )
    assert [event[1:4] for event in outcome.cash_events] == [
        ("A", "borrow", -20),
        ("C", "borrow", -30),
    ]
