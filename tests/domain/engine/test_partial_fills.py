"""Whole lots, and fills that take no more than a share of a bar's volume."""

from tests.domain.engine.building import (
    assert_account,
    assert_fills,
    assert_orders,
    bars,
    run_script,
)

FLAT = [10.0] * 6


def test_quantities_are_whole_lots() -> None:
    # 333.3 shares are 33 lots of 10.
    outcome = run_script([bars("A", [3, 3], [3, 3])], [[1, None]], lot_size=10)
    assert_fills(outcome, (1, "A", "buy", 330, 3, 0))


def test_a_purchase_is_cut_by_whole_lots() -> None:
    outcome = run_script([bars("A", [10, 11], [10, 11])], [[1, None]], lot_size=10)
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 100, None),
        (1, 1, "buy", "partially_filled", 90, None),
        (1, 1, "buy", "cancelled", 10, "insufficient_cash"),
    )


def test_a_target_of_less_than_a_lot_orders_nothing() -> None:
    outcome = run_script([bars("A", [10, 10], [10, 10])], [[0.5, None]], lot_size=60)
    assert outcome.orders == []


def test_an_order_takes_its_share_of_each_bar_until_it_is_filled() -> None:
    # 50 shares; a tenth of the volume: 0 (bar without trade), 20, 25, the last 5.
    volume = [1e9, 0, 200, 250, 1000, 1000]
    outcome = run_script(
        [bars("A", FLAT, FLAT, volume=volume)],
        [[0.5] + [None] * 5],
        max_volume_participation=0.1,
        commission_minimum=1,
    )
    assert_fills(
        outcome,
        (2, "A", "buy", 20, 10, 1),
        (3, "A", "buy", 25, 10, 1),
        (4, "A", "buy", 5, 10, 1),
    )
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 50, None),
        (2, 1, "buy", "partially_filled", 20, None),
        (3, 1, "buy", "partially_filled", 25, None),
        (4, 1, "buy", "filled", 5, None),
    )


def test_sales_take_their_share_too() -> None:
    volume = [1000, 1000, 1000, 300, 150, 1000]
    outcome = run_script(
        [bars("A", FLAT, FLAT, volume=volume)],
        [[0.5, None, 0, None, None, None]],
        max_volume_participation=0.1,
    )
    assert_fills(
        outcome,
        (1, "A", "buy", 50, 10, 0),
        (3, "A", "sell", 30, 10, 0),
        (4, "A", "sell", 15, 10, 0),
        (5, "A", "sell", 5, 10, 0),
    )
    assert outcome.account[-1] == (1000.0, 0.0)


def test_a_new_target_replaces_what_is_left_of_an_order() -> None:
    outcome = run_script(
        [bars("A", FLAT, FLAT, volume=[100] * 6)],
        [[0.5, None, 0, None, None, None]],
        max_volume_participation=0.1,
    )
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 50, None),
        (1, 1, "buy", "partially_filled", 10, None),
        (2, 1, "buy", "partially_filled", 10, None),
        (2, 1, "buy", "cancelled", 30, "superseded"),
        (2, 2, "sell", "submitted", 20, None),
        (3, 2, "sell", "partially_filled", 10, None),
        (4, 2, "sell", "filled", 10, None),
    )


def test_cash_that_runs_out_between_two_fills_of_an_order_ends_it() -> None:
    # 30 a bar: at 10, then at 20 of which 700 pay for 35, then nothing is left for the third.
    outcome = run_script(
        [bars("A", [10, 10, 20, 20, 20], [10, 10, 20, 20, 20], volume=[300] * 5)],
        [[1, None, None, None, None]],
        max_volume_participation=0.1,
    )
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 100, None),
        (1, 1, "buy", "partially_filled", 30, None),
        (2, 1, "buy", "partially_filled", 30, None),
        (3, 1, "buy", "partially_filled", 5, None),
        (3, 1, "buy", "cancelled", 35, "insufficient_cash"),
    )
    assert_account(outcome, (1000, 0), (700, 300), (100, 1200), (0, 1300), (0, 1300))


def test_an_order_that_began_and_then_finds_no_cash_is_cancelled_not_rejected() -> None:
    outcome = run_script(
        [bars("A", [10, 10, 20, 20], [10, 10, 20, 20], volume=[500, 500, 250, 500])],
        [[1, None, None, None]],
        max_volume_participation=0.1,
    )
    assert [order[3] for order in outcome.orders] == [
        "submitted", "partially_filled", "partially_filled", "cancelled",
    ]  # fmt: skip


def test_rounding_leaves_no_last_crumb_of_an_order() -> None:
    # 0.29 * 100 falls short of 29 by a last bit; three lots of 0.1 exceed 0.3 by one.
    outcome = run_script(
        [bars("A", FLAT, FLAT, volume=[100] * 6)],
        [[0.29] + [None] * 5],
        max_volume_participation=0.29,
        commission_minimum=1,
    )
    assert [fill[0] for fill in outcome.fills] == [1]
    outcome = run_script(
        [bars("A", FLAT, FLAT, volume=[1] * 6)],
        [[0.003] + [None] * 5],
        lot_size=0.1,
        max_volume_participation=0.1,
        commission_minimum=1,
    )
    assert [fill[0] for fill in outcome.fills] == [1, 2, 3]
