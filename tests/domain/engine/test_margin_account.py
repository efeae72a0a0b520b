"""Shorts and leverage: by hand. Prices are flat at 10 unless they are given."""

from domain.strategies.event import Context
from tests.domain.engine.acting import act, at
from tests.domain.engine.building import (
    Outcome,
    Weights,
    assert_account,
    assert_fills,
    assert_orders,
    bars,
    run_script,
)

FLAT = [10.0] * 6


def run_flat(weights: Weights, **settings: object) -> Outcome:
    prices = FLAT[: len(weights)]
    return run_script([bars("A", prices, prices)], [weights], **settings)


def test_a_negative_target_goes_short_and_zero_buys_back() -> None:
    outcome = run_flat([-0.5, None, 0, None], allow_short=True, commission_minimum=1)
    assert_fills(outcome, (1, "A", "sell", 50, 10, 1), (3, "A", "buy", 50, 10, 1))
    assert_account(outcome, (1000, 0), (1499, -500), (1499, -500), (998, 0))


def test_a_short_gains_where_the_price_falls() -> None:
    prices = [10.0, 10.0, 8.0, 8.0]
    outcome = run_script([bars("A", prices, prices)], [[-1, None, 0, None]], allow_short=True)
    assert_account(outcome, (1000, 0), (2000, -1000), (2000, -800), (1200, 0))


def test_one_order_goes_from_long_through_zero_to_short_and_back() -> None:
    outcome = run_flat([1, -1, 1, None], allow_short=True)
    assert_fills(
        outcome,
        (1, "A", "buy", 100, 10, 0),
        (2, "A", "sell", 200, 10, 0),
        (3, "A", "buy", 200, 10, 0),
    )
    assert outcome.account == [(1000, 0), (0, 1000), (2000, -1000), (0, 1000)]


def test_without_leave_to_be_short_a_negative_target_means_nothing_held() -> None:
    outcome = run_flat([0.5, -0.5, None], max_leverage=2)
    assert_fills(outcome, (1, "A", "buy", 50, 10, 0), (2, "A", "sell", 50, 10, 0))


def test_leverage_borrows_cash() -> None:
    outcome = run_flat([2, None, None], max_leverage=2)
    assert outcome.account == [(1000, 0), (-1000, 2000), (-1000, 2000)]


def test_what_margin_does_not_carry_is_cut_from_an_order() -> None:
    outcome = run_flat([3, None, None], max_leverage=2)
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 300, None),
        (1, 1, "buy", "partially_filled", 200, None),
        (1, 1, "buy", "cancelled", 100, "insufficient_margin"),
    )


def test_an_order_that_margin_does_not_carry_at_all_is_rejected() -> None:
    # A takes up all that two times 1,000 carry; nothing is left for B.
    outcome = run_script(
        [bars("A", FLAT, FLAT), bars("B", FLAT, FLAT)],
        [[2] + [None] * 5, [None, -1, None, None, None, None]],
        allow_short=True,
        max_leverage=2,
    )
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 200, None),
        (1, 1, "buy", "filled", 200, None),
        (1, 2, "sell", "submitted", 100, None),
        (2, 2, "sell", "rejected", 100, "insufficient_margin"),
    )


def test_long_and_short_both_take_up_margin() -> None:
    # 1.5 times 1,000: 700 long and 700 short fit, then 100 of the 800 more.
    outcome = run_script(
        [bars("A", FLAT, FLAT), bars("B", FLAT, FLAT)],
        [[0.7, None, None, 1.5, None, None], [-0.7] + [None] * 5],
        allow_short=True,
        max_leverage=1.5,
    )
    assert_fills(
        outcome,
        (1, "B", "sell", 70, 10, 0),
        (1, "A", "buy", 70, 10, 0),
        (4, "A", "buy", 10, 10, 0),
    )


def test_a_loss_shrinks_what_may_be_held_but_sells_nothing_by_itself() -> None:
    # Twice leveraged, the price falls by 30 %: equity 400, holding 1,400, three and a half times.
    prices = [10.0, 10.0, 7.0, 7.0, 7.0]
    weights: Weights = [2, None, None, 1, None]
    outcome = run_script([bars("A", prices, prices)], [weights], max_leverage=2)
    assert_account(outcome, (1000, 0), (-1000, 2000), (-1000, 1400), (-1000, 1400), (0, 400))


def test_a_ruined_account_buys_nothing_and_can_still_be_closed() -> None:
    # Short 200 at 10, then the price triples: 3,000 in cash, 6,000 owed in shares.
    prices = [10.0, 10.0, 30.0, 30.0, 30.0, 30.0]
    outcome = run_script(
        [bars("A", prices, prices), bars("B", FLAT, FLAT)],
        [[-2, None, None, 0, None, None], [None, None, 1, None, None, 0.5]],
        allow_short=True,
        max_leverage=2,
    )
    assert_fills(outcome, (1, "A", "sell", 200, 10, 0), (4, "A", "buy", 200, 30, 0))
    assert outcome.account[2] == (3000, -6000)
    assert outcome.account[-1] == (-3000, 0)


def test_of_a_ruined_account_every_share_is_nothing() -> None:
    # As above, and then the strategy wants to be long: all it can do is to be rid of the short.
    prices = [10.0, 10.0, 30.0, 30.0, 30.0]
    outcome = run_script(
        [bars("A", prices, prices)], [[-2, None, None, 1, None]], allow_short=True, max_leverage=2
    )
    assert_fills(outcome, (1, "A", "sell", 200, 10, 0), (4, "A", "buy", 200, 30, 0))


def test_shorts_fill_in_parts_within_the_volume() -> None:
    outcome = run_script(
        [bars("A", FLAT, FLAT, volume=[200] * 6)],
        [[-0.5] + [None] * 5],
        allow_short=True,
        max_volume_participation=0.1,
        lot_size=5,
    )
    assert [fill[3] for fill in outcome.fills] == [20, 20, 10]


def test_what_is_traded_on_the_first_bar_of_its_symbol_counts_at_its_price() -> None:
    late, early = bars("A", FLAT[:2], FLAT[:2], at=[1, 2]), bars("B", FLAT[:3], FLAT[:3])

    def short_one_for_the_other(context: Context) -> None:
        context.sell("A", 100)
        context.buy("B", 100)

    outcome = act([late, early], at({0: short_one_for_the_other}), allow_short=True)
    assert_fills(outcome, (1, "A", "sell", 100, 10, 0))
    assert outcome.orders[-1] == (1, 2, "buy", "rejected", 100, "insufficient_margin")
