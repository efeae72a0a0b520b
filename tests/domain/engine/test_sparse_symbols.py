"""Symbols that start late, end early or have holes."""

from tests.domain.engine.building import (
    assert_account,
    assert_fills,
    assert_orders,
    bars,
    run_script,
)


def test_a_hole_is_marked_at_the_last_close_and_fills_nothing() -> None:
    # B has no bar at times 1 and 2: its order of time 0 fills at time 3, its target too late there.
    steady = bars("A", [10] * 6, [10] * 6)
    holes = bars("B", [5, 4, 6, 8], [5, 6, 6, 8], at=[0, 3, 4, 5])
    outcome = run_script([steady, holes], [[None] * 6, [0.5, None, 0, None]])
    assert_fills(outcome, (3, "B", "buy", 100, 4, 0), (5, "B", "sell", 100, 8, 0))
    assert_account(
        outcome, (1000, 0), (1000, 0), (1000, 0), (600, 600), (600, 600), (1400, 0)
    )  # fmt: skip


def test_a_held_symbol_keeps_its_last_close_through_a_hole() -> None:
    steady = bars("A", [10] * 5, [10] * 5)
    holes = bars("B", [5, 5, 9], [5, 6, 9], at=[0, 1, 4])
    outcome = run_script([steady, holes], [[None] * 5, [0.5, None, None]])
    assert_account(outcome, (1000, 0), (500, 600), (500, 600), (500, 600), (500, 900))


def test_equity_for_sizing_counts_symbols_that_have_no_bar() -> None:
    # At time 2 A is sized from 500 cash and B's 100 shares at their last close of 7.
    other = bars("A", [10] * 4, [10] * 4)
    holes = bars("B", [5, 5], [5, 7], at=[0, 1])
    outcome = run_script([other, holes], [[None, None, 0.25, None], [0.5, None]])
    assert outcome.fills[1][:4] == (3, "A", "buy", 0.25 * 1200 / 10)


def test_a_symbol_that_starts_late_does_not_exist_before() -> None:
    early, late = bars("A", [10] * 4, [10] * 4), bars("B", [2, 2], [2, 3], at=[2, 3])
    outcome = run_script([early, late], [[0.5, None, None, None], [0.5, None]])
    assert_fills(outcome, (1, "A", "buy", 50, 10, 0), (3, "B", "buy", 250, 2, 0))


def test_a_symbol_that_ends_early_stays_at_its_last_close_and_its_order_expires() -> None:
    long, short = bars("A", [10] * 5, [10] * 5), bars("B", [5, 5, 4], [5, 5, 4])
    outcome = run_script([long, short], [[None] * 5, [0.5, None, 0]])
    assert_account(outcome, (1000, 0), (500, 500), (500, 400), (500, 400), (500, 400))
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 100, None),
        (1, 1, "buy", "filled", 100, None),
        (2, 2, "sell", "submitted", 100, None),
        (4, 2, "sell", "expired", 100, "end_of_data"),
    )


def test_symbols_that_never_meet() -> None:
    one, other = bars("A", [10, 10], [10, 10], at=[0, 2]), bars("B", [5, 5], [5, 5], at=[1, 3])
    outcome = run_script([one, other], [[0.5, None], [0.5, None]])
    assert_fills(outcome, (2, "A", "buy", 50, 10, 0), (3, "B", "buy", 100, 5, 0))


def test_exposures_show_every_holding_also_in_a_hole() -> None:
    steady = bars("A", [10] * 3, [10] * 3)
    outcome = run_script([steady, bars("B", [5, 5], [5, 6])], [[None] * 3, [0.5, None]])
    rows = outcome.table("exposures").select("symbol", "quantity", "price", "value").rows()
    assert rows == [("B", 100.0, 6.0, 600.0)] * 2
