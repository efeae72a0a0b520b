"""Orders that are changed or called back, and how long the word takes."""

import copy

import pytest

from domain.strategies.event import Context, Order
from tests.domain.engine.acting import act, at
from tests.domain.engine.building import actions, assert_fills, assert_orders, bars, quotes

FLAT = [10.0] * 6
DAYS = [bars("A", FLAT, FLAT)]
THIN = [bars("A", FLAT, FLAT, volume=[100] * 6)]


def first(context: Context) -> Order:
    return context.orders[0]


def test_a_cancelled_order_is_not_filled() -> None:
    outcome = act(
        DAYS,
        at({0: lambda context: (context.buy("A", 10), context.cancel(first(context)))}),
    )
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 10, None),
        (0, 1, "buy", "cancelled", 10, "requested"),
    )


def test_with_latency_a_cancellation_may_come_too_late() -> None:
    # Both are a day and a millisecond on their way: the order is there for bar 2.
    script = {
        0: lambda context: context.buy("A", 10, limit=10),
        1: lambda context: context.cancel(first(context)),
    }
    assert [fill[0] for fill in act(DAYS, at(script), latency_ms=1).fills] == [2]
    script = {
        0: lambda context: context.buy("A", 10, limit=9),
        1: lambda context: context.cancel(first(context)),
    }
    assert_orders(
        act(DAYS, at(script), latency_ms=1),
        (0, 1, "buy", "submitted", 10, None),
        (3, 1, "buy", "cancelled", 10, "requested"),
    )


def test_prices_and_size_are_amended() -> None:
    script = {
        0: lambda context: context.buy("A", 10, limit=5, stop=20),
        1: lambda context: context.amend(first(context), quantity=4, limit=11, stop=10),
    }
    outcome = act(DAYS, at(script))
    assert_fills(outcome, (2, "A", "buy", 4, 10, 0))
    amended = outcome.table("orders").row(1, named=True)
    assert (amended["status"], amended["quantity"]) == ("amended", 4)
    assert (amended["limit"], amended["stop"]) == (11, 10)


def test_with_latency_an_amendment_waits_too() -> None:
    data = [quotes("A", *[(10, 10.5, 9.5, 10)] * 6)]
    script = {
        0: lambda context: context.buy("A", 10, limit=5),
        1: lambda context: context.amend(first(context), limit=10),
    }
    assert [fill[0] for fill in act(data, at(script), latency_ms=1).fills] == [3]


def test_amendments_that_are_under_way_together_all_hold() -> None:
    def amend(context: Context) -> None:
        context.amend(first(context), limit=9)
        context.amend(first(context), quantity=5)

    script = {0: lambda context: context.buy("A", 10, limit=8), 2: amend}
    days = [bars("A", FLAT, [*FLAT[:4], 9.0, 9.0])]
    outcome = act(days, at(script), latency_ms=1)
    order = outcome.table("orders").filter(status="amended").select("quantity", "limit")
    assert order.rows() == [(10, 9.0), (5, 9.0)]


def test_the_amended_size_counts_what_is_filled_already() -> None:
    script = {
        0: lambda context: context.sell("A", 30),
        1: lambda context: context.amend(first(context), quantity=15),
    }
    outcome = act(THIN, at(script), max_volume_participation=0.1, allow_short=True)
    assert_orders(
        outcome,
        (0, 1, "sell", "submitted", 30, None),
        (1, 1, "sell", "partially_filled", 10, None),
        (1, 1, "sell", "amended", 5, None),
        (2, 1, "sell", "filled", 5, None),
    )


def test_an_amendment_to_what_is_filled_already_cancels_the_rest() -> None:
    script = {
        0: lambda context: context.buy("A", 30),
        1: lambda context: context.amend(first(context), quantity=10),
    }
    outcome = act(THIN, at(script), max_volume_participation=0.1)
    assert outcome.orders[-1] == (1, 1, "buy", "cancelled", 20, "requested")


@pytest.mark.parametrize("at_first", [10, 5])
def test_an_order_is_amended_to_the_odd_lot_that_a_split_left(at_first: float) -> None:
    # One lot of ten becomes five.
    prices = [10.0, 10, 20, 20, 20, 20]
    script = {
        0: lambda context: context.buy("A", 10),
        2: lambda context: context.sell("A", at_first, limit=50),
        3: lambda context: context.amend(first(context), quantity=5, limit=20),
    }
    outcome = act(
        [bars("A", prices, prices)], at(script), lot_size=10, actions=[actions("A", (2, 0.5, 0))]
    )
    assert outcome.orders[-2:] == [
        (3, 2, "sell", "amended", 5, None),
        (4, 2, "sell", "filled", 5, None),
    ]


def test_an_order_is_amended_to_the_odd_lot_that_a_partial_fill_left() -> None:
    # A lot and a half is held; the volume lets a whole one go.
    prices = [10.0] * 6
    script = {
        0: lambda context: context.buy("A", 10),
        2: lambda context: context.sell("A", 15),
        3: lambda context: context.amend(first(context), quantity=15),
    }
    outcome = act(
        [bars("A", prices, prices, volume=[100] * 6)],
        at(script),
        lot_size=10,
        max_volume_participation=0.1,
        actions=[actions("A", (2, 1.5, 0))],
    )
    assert outcome.orders[-3:] == [
        (3, 2, "sell", "partially_filled", 10, None),
        (3, 2, "sell", "amended", 5, None),
        (4, 2, "sell", "filled", 5, None),
    ]


def test_any_other_size_is_amended_to_whole_lots() -> None:
    script = {
        0: lambda context: context.buy("A", 50, limit=5),
        1: lambda context: context.amend(first(context), quantity=25),
    }
    outcome = act(DAYS, at(script), lot_size=10)
    assert outcome.orders[1] == (1, 1, "buy", "amended", 20, None)


def test_an_order_that_is_done_can_be_neither_amended_nor_cancelled() -> None:
    made: list[Order] = []
    answers: list[bool] = []

    def too_late(context: Context) -> None:
        answers.append(context.cancel(made[0]))
        answers.append(context.amend(made[0], quantity=20))

    act(DAYS, at({0: lambda context: made.append(context.buy("A", 10)), 1: too_late}))
    assert answers == [False, False]
    assert (made[0].filled, made[0].status.name) == (10, "FILLED")


def test_an_order_cannot_be_changed_behind_the_engine_s_back() -> None:
    def meddle(context: Context) -> None:
        with pytest.raises(AttributeError, match="immutable"):
            context.buy("A", 10).limit = 5  # type: ignore[misc]

    act(DAYS, at({0: meddle}))


def test_a_word_that_arrives_after_its_order_is_done_does_nothing() -> None:
    script = {
        0: lambda context: context.buy("A", 10),
        1: lambda context: context.cancel(first(context)),
    }
    outcome = act(DAYS, at(script), latency_ms=1)
    assert [order[3] for order in outcome.orders] == ["submitted", "filled"]


def test_a_copy_stands_for_its_order_and_knows_no_less_that_it_is_done() -> None:
    copies, answers = [], []

    def keep(context: Context) -> None:
        copies.append(copy.copy(context.buy("A", 10, limit=9)))

    def cancel(context: Context) -> None:
        answers.append(context.cancel(copies[0]))

    outcome = act(DAYS, at({0: keep, 1: cancel, 2: cancel}))
    assert answers == [True, False]
    assert outcome.orders[-1] == (1, 1, "buy", "cancelled", 10, "requested")
