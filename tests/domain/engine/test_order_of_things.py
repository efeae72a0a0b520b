"""At each bar: fill at the open, mark at the close, decide, record."""

from domain.market.resolution import Resolution
from tests.domain.engine.building import (
    assert_account,
    assert_fills,
    assert_orders,
    bars,
    run_script,
)


def test_a_decision_at_the_close_fills_at_the_next_open_and_is_marked_at_that_close() -> None:
    outcome = run_script([bars("A", [1, 8, 3], [10, 9, 7])], [[0.5, None, None]])
    assert_fills(outcome, (1, "A", "buy", 50, 8, 0))
    assert_account(outcome, (1000, 0), (600, 50 * 9), (600, 50 * 7))


def test_the_quantity_is_fixed_when_decided_and_not_when_filled() -> None:
    outcome = run_script([bars("A", [9, 5, 5], [10, 5, 5])], [[0.5, None, None]])
    assert_fills(outcome, (1, "A", "buy", 0.5 * 1000 / 10, 5, 0))


def test_the_quantity_is_the_difference_to_what_is_held() -> None:
    # 25 shares; at bar 2 the account is 750 + 25 * 20 = 1250, half of it at 20 is 31.25 shares.
    outcome = run_script([bars("A", [10, 10, 20, 16], [10, 10, 20, 20])], [[0.25, None, 0.5, None]])
    assert_fills(outcome, (1, "A", "buy", 25, 10, 0), (3, "A", "buy", 31.25 - 25, 16, 0))


def test_a_lower_target_sells_the_difference() -> None:
    outcome = run_script([bars("A", [10] * 4, [10] * 4)], [[0.5, None, 0.2, None]])
    assert_fills(outcome, (1, "A", "buy", 50, 10, 0), (3, "A", "sell", 30, 10, 0))


def test_the_first_weight_counts_as_a_change_from_nothing() -> None:
    flat = [10.0] * 4
    assert run_script([bars("A", flat, flat)], [[0, 0, 0, 0]]).orders == []
    outcome = run_script([bars("A", flat, flat)], [[None, None, 0.5, 0.5]])
    assert_fills(outcome, (3, "A", "buy", 50, 10, 0))


def test_no_order_while_the_target_stays_though_the_weight_drifts() -> None:
    outcome = run_script([bars("A", [10, 10, 30, 50], [10, 20, 40, 60])], [[0.5, 0.5, None, 0.5]])
    assert len(outcome.orders) == 2  # submitted, filled


def test_a_target_of_nothing_sells_everything_to_the_last_bit() -> None:
    opens, closes = [10, 9.7, 3.3, 7.1, 7.1], [9.1, 9.9, 3.7, 7.7, 7.1]
    outcome = run_script([bars("A", opens, closes)], [[1 / 3, 0.77, 0, None, None]])
    bought = [fill[3] for fill in outcome.fills if fill[2] == "buy"]
    assert len(bought) == 2
    assert_fills(
        outcome,
        *outcome.fills[:2],
        (3, "A", "sell", sum(bought), 7.1, 0),
    )
    assert outcome.account[3][1] == 0.0
    assert outcome.table("exposures")["timestamp"].len() == 2


def test_sales_pay_for_the_purchases_of_the_same_moment_whatever_the_order_of_symbols() -> None:
    # B is bought with what A brings, though B comes first.
    data = [bars("B", [10] * 4, [10] * 4), bars("A", [20] * 4, [20] * 4)]
    outcome = run_script(data, [[0, None, 1, None], [1, None, 0, None]])
    assert_fills(
        outcome,
        (1, "A", "buy", 50, 20, 0),
        (3, "A", "sell", 50, 20, 0),
        (3, "B", "buy", 100, 10, 0),
    )


def test_purchases_of_one_moment_are_paid_in_the_order_of_the_symbols() -> None:
    # Both ask for 50 at 10; both open at 15: A gets its 50 for 750, B what 250 pays for.
    data = [bars("A", [10, 15], [10, 15]), bars("B", [10, 15], [10, 15])]
    outcome = run_script(data, [[0.5, None], [0.5, None]])
    assert_fills(outcome, (1, "A", "buy", 50, 15, 0), (1, "B", "buy", 250 / 15, 15, 0))


def test_orders_are_numbered_from_one_in_the_order_they_are_sent() -> None:
    data = [bars("A", [10] * 3, [10] * 3), bars("B", [10] * 3, [10] * 3)]
    outcome = run_script(data, [[0.5, None, None], [0.25, 0, None]])
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 50, None),
        (0, 2, "buy", "submitted", 25, None),
        (1, 1, "buy", "filled", 50, None),
        (1, 2, "buy", "filled", 25, None),
        (1, 3, "sell", "submitted", 25, None),
        (2, 3, "sell", "filled", 25, None),
    )


def test_an_order_of_the_last_bar_expires_and_positions_stay_open() -> None:
    outcome = run_script([bars("A", [10] * 3, [10, 10, 12])], [[0.5, None, 0]])
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 50, None),
        (1, 1, "buy", "filled", 50, None),
        (2, 2, "sell", "submitted", 50, None),
        (2, 2, "sell", "expired", 50, "end_of_data"),
    )
    assert_account(outcome, (1000, 0), (500, 500), (500, 600))


def test_positions_are_exposed_at_the_last_bar_of_each_day_in_the_time_zone() -> None:
    # Hours from midnight UTC: in New York the day turns between the bars of 04:00 and 05:00.
    data = [bars("A", [10] * 8, [10, 10, 10, 10, 20, 20, 20, 40], resolution=Resolution.HOUR)]
    weights = [[0.5] + [None] * 7]
    outcome = run_script(data, weights, resolution=Resolution.HOUR, timezone="America/New_York")
    exposures = outcome.table("exposures")
    assert outcome.rows_of(exposures) == [4, 7]
    assert exposures.drop("timestamp").rows() == [
        ("A", 50.0, 20.0, 1000.0, 1000 / 1500),
        ("A", 50.0, 40.0, 2000.0, 2000 / 2500),
    ]
