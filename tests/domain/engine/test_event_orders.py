"""What becomes of each kind of order, on a tape that names the rule of every fill."""

from typing import Any

import pytest

from domain.market.bars import Bars
from domain.strategies.event import Context, Fill
from tests.domain.engine.acting import Act, act, at
from tests.domain.engine.building import Outcome, assert_account, assert_orders, bars, quotes

QUIET = (10, 10.5, 9.5, 10)


def ordered(data: Bars, decide: Act, **settings: Any) -> Outcome:
    return act([data], at({0: decide}), **settings)


def rules(outcome: Outcome) -> list[tuple[int, float, float, str]]:
    """(bar, quantity, price, rule) of every fill."""
    table = outcome.table("fills")
    rows = table.select("quantity", "price", "rule").rows()
    return [(bar, *row) for bar, row in zip(outcome.rows_of(table), rows, strict=True)]


def test_a_market_order_fills_at_the_next_open() -> None:
    data = quotes("A", QUIET, (11, 12, 10, 12), QUIET)
    outcome = ordered(data, lambda context: context.buy("A", 10))
    assert rules(outcome) == [(1, 10, 11, "open")]
    assert_account(outcome, (1000, 0), (890, 120), (890, 100))


@pytest.mark.parametrize(
    ("quote", "fill"),
    [
        ((10, 10.5, 9.5, 10), None),
        ((10, 10.5, 9.0, 10), (1, 10, 9, "limit")),
        ((8, 9.5, 7.5, 9), (1, 10, 8, "limit_gap")),
    ],
)
def test_a_limit_to_buy(
    quote: tuple[float, float, float, float], fill: tuple[int, float, float, str] | None
) -> None:
    outcome = ordered(quotes("A", QUIET, quote), lambda context: context.buy("A", 10, limit=9))
    assert rules(outcome) == ([fill] if fill else [])


@pytest.mark.parametrize(
    ("quote", "fill"),
    [
        ((10, 10.5, 9.5, 10), None),
        ((10, 11.0, 9.5, 10), (1, 10, 11, "stop")),
        ((12, 13.0, 11.5, 12), (1, 10, 12, "stop_gap")),
    ],
)
def test_a_stop_to_buy(
    quote: tuple[float, float, float, float], fill: tuple[int, float, float, str] | None
) -> None:
    outcome = ordered(quotes("A", QUIET, quote), lambda context: context.buy("A", 10, stop=11))
    assert rules(outcome) == ([fill] if fill else [])


def test_a_stop_limit_waits_for_its_limit_once_it_is_triggered() -> None:
    # Triggered by bar 1, which may have been at 9 before it was at 11; bar 3 is at 9 after it.
    data = quotes("A", QUIET, (10, 11, 9, 11), (11, 12, 10, 11), (10, 10, 9, 10))
    outcome = ordered(data, lambda context: context.buy("A", 10, stop=11, limit=9.5))
    assert rules(outcome) == [(3, 10, 9.5, "limit")]


def test_a_protective_stop_and_a_profit_limit_on_one_bar_assume_the_worse() -> None:
    data = quotes("A", QUIET, QUIET, QUIET, (10, 13, 7, 10), QUIET)
    orders = {
        0: lambda context: context.buy("A", 10),
        1: lambda context: (context.sell("A", 10, limit=12), context.sell("A", 10, stop=8)),
    }
    outcome = act([data], at(orders))
    assert rules(outcome) == [(1, 10, 10, "open"), (3, 10, 8, "stop")]
    assert outcome.orders[-1] == (3, 2, "sell", "rejected", 10, "short_not_allowed")


def test_the_price_passes_the_nearer_of_two_orders_first() -> None:
    data = quotes("A", QUIET, (10, 10.5, 8, 9))

    def ladder(context: Context) -> None:
        context.buy("A", 100, limit=8.5)
        context.buy("A", 100, limit=9.5)

    assert rules(ordered(data, ladder)) == [
        (1, 100, 9.5, "limit"),
        (1, pytest.approx(50 / 8.5), 8.5, "limit"),
    ]


def test_an_entry_comes_before_the_stop_below_it() -> None:
    data = quotes("A", QUIET, (10, 10.5, 8, 9))

    def bracket(context: Context) -> None:
        context.sell("A", 10, stop=8.5)
        context.buy("A", 10, limit=9.5)

    assert rules(ordered(data, bracket)) == [(1, 10, 9.5, "limit"), (1, 10, 8.5, "stop")]


def test_what_a_sale_brings_later_in_a_bar_does_not_pay_for_a_purchase_at_its_open() -> None:
    data = [quotes("A", QUIET, QUIET, QUIET, (10, 12, 10, 10)), bars("B", [10] * 4, [10] * 4)]
    orders = {
        0: lambda context: context.buy("A", 100),
        1: lambda context: context.sell("A", 100, limit=12),
        2: lambda context: context.buy("B", 50),
    }
    outcome = act(data, at(orders))
    assert outcome.orders[-2:] == [
        (3, 3, "buy", "rejected", 50, "insufficient_cash"),
        (3, 2, "sell", "filled", 100, None),
    ]


def test_what_a_sale_at_the_open_brings_pays_for_a_purchase_there() -> None:
    data = [bars("A", [10] * 4, [10] * 4), bars("B", [10] * 4, [10] * 4)]
    orders = {
        0: lambda context: context.buy("A", 100),
        2: lambda context: (context.buy("B", 50), context.sell("A", 100)),
    }
    assert [fill[:3] for fill in act(data, at(orders)).fills] == [
        (1, "A", "buy"), (3, "A", "sell"), (3, "B", "buy"),
    ]  # fmt: skip


def test_an_order_that_is_met_just_at_the_open_is_filled_there() -> None:
    data = [quotes("A", *[QUIET] * 3, (12, 13, 9, 10)), bars("B", [10] * 4, [10] * 4)]
    orders = {
        0: lambda context: context.buy("A", 100),
        2: lambda context: (context.buy("B", 120), context.sell("A", 100, limit=12)),
    }
    outcome = act(data, at(orders))
    # First the sale, which pays for the purchase of the same open.
    assert rules(outcome)[1:] == [(3, 100, 12, "limit_gap"), (3, 120, 10, "open")]
    # Of its bar nothing is known of the time before the open.
    assert outcome.table("round_trips").select("mae", "mfe").rows() == [(5.0, 20.0)]


def test_slippage_moves_market_and_stop_fills_but_no_limit_fill() -> None:
    data = quotes("A", QUIET, (10, 12, 8, 10))

    def order_all(context: Context) -> None:
        context.buy("A", 1)
        context.buy("A", 1, stop=11)
        context.buy("A", 1, limit=9)

    outcome = ordered(data, order_all, slippage_bps=100)
    assert rules(outcome) == [(1, 1, 10.1, "open"), (1, 1, 11.11, "stop"), (1, 1, 9, "limit")]
    assert outcome.table("fills")["slippage"].to_list() == pytest.approx([0.1, 0.11, 0])


def test_the_tape_has_the_terms_of_every_order_and_takes_the_reasoning_to_the_fills() -> None:
    data = bars("A", [10] * 3, [10] * 3)
    outcome = ordered(
        data,
        lambda context: context.buy(
            "A", 10, limit=11, stop=9, time_in_force="day", reasoning="cheap", confidence=80
        ),
    )
    terms = ["type", "time_in_force", "limit", "stop", "reasoning", "confidence"]
    row = ("stop_limit", "day", 11.0, 9.0, "cheap", 80.0)
    assert outcome.table("orders").select(terms).rows() == [row] * 2
    assert outcome.table("fills").select("reasoning", "confidence").rows() == [("cheap", 80.0)]


def test_orders_of_one_symbol_share_what_a_bar_s_volume_allows() -> None:
    data = bars("A", [10] * 4, [10] * 4, volume=[100] * 4)
    orders = at({0: lambda context: (context.buy("A", 7), context.buy("A", 7))})
    outcome = act([data], orders, max_volume_participation=0.1)
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 7, None),
        (0, 2, "buy", "submitted", 7, None),
        (1, 1, "buy", "filled", 7, None),
        (1, 2, "buy", "partially_filled", 3, None),
        (2, 2, "buy", "filled", 4, None),
    )


def test_what_rounding_leaves_of_a_bar_s_volume_is_none() -> None:
    # 0.1 and 0.2 of 0.3: a last bit is left.
    data = bars("A", [10] * 4, [10] * 4, volume=[0.3] * 4)
    orders = at({0: lambda context: [context.buy("A", size) for size in (0.1, 0.2, 5.0)]})
    outcome = act([data], orders, max_volume_participation=1.0)
    assert [(bar, quantity) for bar, quantity, *_ in rules(outcome)] == [
        (1, 0.1),
        (1, 0.2),
        (2, 0.3),
        (3, 0.3),
    ]


def test_an_order_for_more_than_the_world_has_is_cut_to_what_cash_affords() -> None:
    orders = {
        0: lambda context: context.buy("B", 20),
        1: lambda context: context.buy("A", 1e15),
        2: lambda context: context.buy("A", 1e15),
    }
    outcome = act([bars(name, [10] * 4, [10] * 4) for name in "AB"], at(orders))
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 20, None),
        (1, 1, "buy", "filled", 20, None),
        (1, 2, "buy", "submitted", 1e15, None),
        (2, 2, "buy", "partially_filled", 80, None),
        (2, 2, "buy", "cancelled", 1e15, "insufficient_cash"),
        (2, 3, "buy", "submitted", 1e15, None),
        (3, 3, "buy", "rejected", 1e15, "insufficient_cash"),
    )


def test_a_stop_that_was_triggered_goes_on_as_a_market_order() -> None:
    data = quotes("A", QUIET, (10, 11, 10, 10), QUIET, volume=[100] * 3)
    buy = at({0: lambda context: context.buy("A", 15, stop=11)})
    outcome = act([data], buy, max_volume_participation=0.1)
    assert rules(outcome) == [(1, 10, 11, "stop"), (2, 5, 10, "open")]


def test_what_rounding_leaves_of_a_position_is_nothing() -> None:
    # 0.1 + 0.1 + 0.1 is more than 0.3 by a last bit.
    def decide(context: Context) -> None:
        for _ in range(3):
            context.buy("A", 0.1)

    script = {0: decide, 1: lambda context: context.sell("A", 0.3)}
    outcome = act([bars("A", [10] * 4, [10] * 4)], at(script))
    assert outcome.rows_of(outcome.table("exposures")) == [1]
    assert [positions for _, positions in outcome.account[2:]] == [0, 0]


def test_whole_lots_are_ordered_and_less_than_one_is_rejected() -> None:
    def order_both(context: Context) -> None:
        assert context.buy("A", 25).quantity == 20
        assert not context.buy("A", 5).is_open

    outcome = ordered(bars("A", [10] * 2, [10] * 2), order_both, lot_size=10)
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 20, None),
        (0, 2, "buy", "submitted", 5, None),
        (0, 2, "buy", "rejected", 5, "below_one_lot"),
        (1, 1, "buy", "filled", 20, None),
    )


def test_a_margin_account_goes_through_zero_and_says_why_it_does_not_go_further() -> None:
    orders = {
        0: lambda context: context.buy("A", 50),
        1: lambda context: context.sell("A", 120),
        2: lambda context: context.sell("A", 1_000),
    }
    data = bars("A", [10] * 4, [10] * 4)
    outcome = act([data], at(orders), allow_short=True, max_leverage=2)
    # 1000 of equity carry 2000 short: 130 shares more than the 70.
    assert_account(outcome, (1000, 0), (500, 500), (1700, -700), (3000, -2000))
    assert outcome.orders[-2:] == [
        (3, 3, "sell", "partially_filled", 130, None),
        (3, 3, "sell", "cancelled", 870, "insufficient_margin"),
    ]


def test_a_fill_is_told_at_the_close_of_its_bar_before_the_bar_itself() -> None:
    told: list[tuple[str, float, float]] = []

    def on_fill(context: Context, fill: Fill) -> None:
        assert (fill.symbol, fill.quantity, fill.rule.name) == ("A", 10, "OPEN")
        assert (fill.timestamp, fill.order.remaining) == (context.timestamp, 0)
        told.append(("fill", context.position("A"), context.price("A")))
        context.sell("A", 10)

    outcome = act(
        [bars("A", [10, 11, 12], [10.5, 11.5, 12.5])],
        at({
            0: lambda context: context.buy("A", 10),
            1: lambda context: told.append(("bar", context.position("A"), context.price("A"))),
        }),
        on_fill=lambda context, fill: on_fill(context, fill) if fill.quantity > 0 else None,
    )  # fmt: skip
    assert told == [("fill", 10, 11.5), ("bar", 10, 11.5)]
    assert [fill[:3] for fill in outcome.fills] == [(1, "A", "buy"), (2, "A", "sell")]


def test_orders_wait_across_the_stretches_that_a_run_is_recorded_in() -> None:
    prices = [10.0] * 250 + [5.0] * 50
    script = {
        10: lambda context: context.buy("A", 10, limit=5),
        20: lambda context: context.buy("A", 20),
        240: lambda context: context.log("late"),
    }
    outcome = act([bars("A", prices, prices)], at(script))
    assert [event.type for event in outcome.events[:5]] == [
        "state", "progress", "progress", "log", "progress",
    ]  # fmt: skip
    assert_orders(
        outcome,
        (10, 1, "buy", "submitted", 10, None),
        (20, 2, "buy", "submitted", 20, None),
        (21, 2, "buy", "filled", 20, None),
        (250, 1, "buy", "filled", 10, None),
    )
    assert outcome.account[249:251] == [(800, 200), (750, 150)]


def test_what_waits_at_the_end_expires() -> None:
    data = bars("A", [10] * 3, [10] * 3)
    outcome = ordered(data, lambda context: context.buy("A", 10, limit=5))
    assert outcome.orders[-1] == (2, 1, "buy", "expired", 10, "end_of_data")
