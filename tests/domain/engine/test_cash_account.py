"""Cash never runs out, costs are paid, and every row reconciles with the fills."""

import numpy as np
from hypothesis import given, settings

from tests.domain.engine.building import (
    assert_account,
    assert_fills,
    assert_orders,
    bars,
    run_script,
)
from tests.domain.engine.cases import CAPITAL, Case, cases


def test_a_purchase_is_cut_to_what_cash_affords_with_its_costs() -> None:
    # 20 % up at the open; each share then costs 12 * 1.01 * 1.001 + 0.1.
    outcome = run_script(
        [bars("A", [10, 12], [10, 12])],
        [[1, None]],
        slippage_bps=100,
        commission_bps=10,
        commission_per_share=0.1,
    )
    quantity = 1000 / (12.12 * 1.001 + 0.1)
    commission = quantity * (12.12 * 0.001 + 0.1)
    assert_fills(outcome, (1, "A", "buy", quantity, 12.12, commission))
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 100, None),
        (1, 1, "buy", "partially_filled", quantity, None),
        (1, 1, "buy", "cancelled", 100 - quantity, "insufficient_cash"),
    )
    assert_account(outcome, (1000, 0), (0, quantity * 12))


def test_the_minimum_commission_is_kept_back() -> None:
    outcome = run_script(
        [bars("A", [10, 10], [10, 10])], [[1, None]], commission_bps=1, commission_minimum=5
    )
    assert_fills(outcome, (1, "A", "buy", 99.5, 10, 5))
    assert outcome.account[1] == (0.0, 995.0)


def test_a_purchase_that_cash_cannot_begin_is_rejected() -> None:
    outcome = run_script([bars("A", [10, 10], [10, 10])], [[1, None]], commission_minimum=1000)
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 100, None),
        (1, 1, "buy", "rejected", 100, "insufficient_cash"),
    )
    assert outcome.account == [(1000.0, 0.0)] * 2


def test_what_rounding_leaves_of_cash_buys_nothing() -> None:
    # A's purchase takes all the cash but for a last bit, which is no money to buy B with.
    data = [bars("A", [10, 7.3, 7.3], [7, 7.3, 7.3]), bars("B", [3] * 3, [3] * 3)]
    outcome = run_script(data, [[1, None, None], [0.1, None, None]], commission_bps=3)
    assert [fill[1] for fill in outcome.fills] == ["A"]
    assert [order[3] for order in outcome.orders if order[1] == 2] == ["submitted", "rejected"]


def test_a_purchase_that_rounding_cuts_is_filled() -> None:
    # 1000 / 1.34 shares at 1.34 come to a last bit more than 1000.
    quantity = 1000 / 1.34
    assert 1000 - quantity * 1.34 < 0
    outcome = run_script([bars("A", [1.34, 1.34], [1.34, 1.34])], [[1, None]])
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", quantity, None),
        (1, 1, "buy", "filled", quantity, None),
    )
    assert 0.0 <= outcome.account[-1][0] < 1e-12


def test_a_sale_that_cannot_pay_its_commission_is_rejected() -> None:
    # 1 share for 10 out of 15.5: the remaining 0.5 and 4 of proceeds do not cover 5.
    outcome = run_script(
        [bars("A", [10, 10, 4], [10, 10, 4])],
        [[1, 0, None]],
        capital=15.5,
        commission_minimum=5,
        lot_size=1,
    )
    assert_fills(outcome, (1, "A", "buy", 1, 10, 5))
    assert outcome.orders[-1] == (2, 2, "sell", "rejected", 1.0, "insufficient_cash")
    assert_account(outcome, (15.5, 0), (0.5, 10), (0.5, 4))


def test_a_target_above_one_buys_all_that_cash_affords() -> None:
    outcome = run_script([bars("A", [10] * 3, [10] * 3)], [[2.5, None, None]])
    assert_fills(outcome, (1, "A", "buy", 100, 10, 0))
    assert outcome.orders[-1] == (1, 1, "buy", "cancelled", 150.0, "insufficient_cash")


def test_a_target_below_zero_sells_what_is_held_and_no_more() -> None:
    outcome = run_script([bars("A", [10] * 5, [10] * 5)], [[-1, 0.5, None, -0.5, None]])
    assert_fills(outcome, (2, "A", "buy", 50, 10, 0), (4, "A", "sell", 50, 10, 0))


def test_a_target_below_zero_sells_to_the_last_bit_in_lots_too() -> None:
    targets = [0.1 * step for step in range(1, 9)] + [-1.0, None]
    outcome = run_script([bars("A", [1] * 10, [1] * 10)], [targets], capital=1, lot_size=0.1)
    assert len(outcome.fills) == 9
    assert_account(outcome, *[(1 - 0.1 * bar, 0.1 * bar) for bar in range(9)], (1, 0))
    assert outcome.account[-1][1] == 0.0


def test_slippage_moves_the_price_against_the_trader_and_its_cost_is_recorded() -> None:
    outcome = run_script([bars("A", [10] * 3, [10] * 3)], [[0.5, 0, None]], slippage_bps=200)
    assert_fills(outcome, (1, "A", "buy", 50, 10.2, 0), (2, "A", "sell", 50, 9.8, 0))
    np.testing.assert_allclose(outcome.table("fills")["slippage"], [10, 10], rtol=1e-12)


@settings(deadline=None)
@given(cases())
def test_cash_is_never_below_zero_nor_is_a_position(case: Case) -> None:
    for cash, positions in case.run().account:
        assert cash >= 0.0
        assert positions >= 0.0


@settings(deadline=None)
@given(cases())
def test_every_row_is_the_fills_so_far_at_the_last_closes(case: Case) -> None:
    outcome = case.run()
    closes = {
        each.symbol: dict(zip(each.timestamp.tolist(), each.close.tolist(), strict=True))
        for each in case.data
    }
    cash, held, last = CAPITAL, dict.fromkeys(closes, 0.0), dict.fromkeys(closes, 0.0)
    fills = outcome.fills
    for bar, moment in enumerate(outcome.moments):
        for _, symbol, side, quantity, price, commission in (f for f in fills if f[0] == bar):
            assert moment in closes[symbol]
            signed = quantity if side == "buy" else -quantity
            cash -= signed * price + commission
            held[symbol] += signed
        for symbol, prices in closes.items():
            last[symbol] = prices.get(moment, last[symbol])
        positions = sum(quantity * last[symbol] for symbol, quantity in held.items())
        np.testing.assert_allclose(outcome.account[bar], (cash, positions), 1e-9, 1e-9 * CAPITAL)


ENDS = {"filled", "cancelled", "rejected", "expired"}


@settings(deadline=None)
@given(cases())
def test_every_order_is_submitted_once_ends_once_and_fills_what_it_says(case: Case) -> None:
    outcome = case.run()
    filled = outcome.table("fills").group_by("order_id").agg(quantity="quantity").rows()
    fills_of = dict(filled)
    lives: dict[int, list[tuple[str, float]]] = {}
    for _, number, _, status, quantity, _ in outcome.orders:
        lives.setdefault(number, []).append((status, quantity))
    assert list(lives) == list(range(1, len(lives) + 1))
    for number, life in lives.items():
        statuses = [status for status, _ in life]
        assert statuses[0] == "submitted"
        assert statuses[-1] in ENDS
        assert set(statuses[1:-1]) <= {"partially_filled"}
        parts = [quantity for status, quantity in life if status in ("partially_filled", "filled")]
        assert parts == fills_of.get(number, [])
        rest = [quantity for status, quantity in life if status in ENDS - {"filled"}]
        np.testing.assert_allclose(sum(parts) + sum(rest), life[0][1], rtol=1e-9)
