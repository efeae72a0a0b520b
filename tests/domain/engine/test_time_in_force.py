"""How long an order waits: gtc, day, ioc, fok."""

import pytest

from domain.market.resolution import Resolution
from domain.strategies.event import Context
from tests.domain.engine.acting import Act, act, at
from tests.domain.engine.building import assert_orders, bars

FLAT = [10.0] * 5
DAYS = bars("A", FLAT, FLAT, volume=[100] * 5)
# Two sessions of three hours.
HOURS = bars("A", [10.0] * 6, [10.0] * 6, at=[9, 10, 11, 33, 34, 35], resolution=Resolution.HOUR)


def test_a_day_order_lives_through_the_day_after_its_bar_where_bars_are_days() -> None:
    day = at({0: lambda context: context.buy("A", 10, limit=9, time_in_force="day")})
    assert_orders(
        act([DAYS], day),
        (0, 1, "buy", "submitted", 10, None),
        (2, 1, "buy", "expired", 10, "end_of_day"),
    )


def test_a_day_order_ends_with_its_session() -> None:
    day = at({0: lambda context: context.buy("A", 10, limit=9, time_in_force="day")})
    assert_orders(
        act([HOURS], day, resolution=Resolution.HOUR),
        (0, 1, "buy", "submitted", 10, None),
        (3, 1, "buy", "expired", 10, "end_of_day"),
    )


def test_a_day_order_sent_at_a_session_s_last_bar_is_for_the_next_session() -> None:
    day = at({2: lambda context: context.buy("A", 10, limit=9, time_in_force="day")})
    longer = bars("A", [10.0] * 5, [10.0] * 5, at=[9, 10, 11, 33, 57], resolution=Resolution.HOUR)
    assert act([longer], day, resolution=Resolution.HOUR).orders[-1] == (
        4, 1, "buy", "expired", 10, "end_of_day",
    )  # fmt: skip


@pytest.mark.parametrize(("timezone", "ended"), [("UTC", 2), ("America/New_York", 4)])
def test_a_day_is_counted_in_the_timezone_of_the_run(timezone: str, ended: int) -> None:
    # From 22:00 to 01:00 UTC is one evening in New York.
    evening = bars("A", FLAT, FLAT, at=[22, 23, 24, 25, 29], resolution=Resolution.HOUR)
    day = at({0: lambda context: context.buy("A", 10, limit=9, time_in_force="day")})
    outcome = act([evening], day, timezone=timezone, resolution=Resolution.HOUR)
    assert outcome.orders[-1] == (ended, 1, "buy", "expired", 10, "end_of_day")


def test_a_day_order_that_is_filled_in_part_loses_its_rest() -> None:
    day = at({0: lambda context: context.buy("A", 15, time_in_force="day")})
    assert_orders(
        act([DAYS], day, max_volume_participation=0.1),
        (0, 1, "buy", "submitted", 15, None),
        (1, 1, "buy", "partially_filled", 10, None),
        (2, 1, "buy", "expired", 5, "end_of_day"),
    )


def test_an_immediate_order_takes_what_there_is_and_is_gone() -> None:
    def send(context: Context) -> None:
        context.buy("A", 15, time_in_force="ioc")
        context.buy("A", 5, limit=9, time_in_force="ioc")

    assert_orders(
        act([DAYS], at({0: send}), max_volume_participation=0.1),
        (0, 1, "buy", "submitted", 15, None),
        (0, 2, "buy", "submitted", 5, None),
        (1, 2, "buy", "cancelled", 5, "immediate_or_cancel"),
        (1, 1, "buy", "partially_filled", 10, None),
        (1, 1, "buy", "cancelled", 5, "immediate_or_cancel"),
    )


def test_an_immediate_order_waits_for_the_first_bar_that_could_fill_it() -> None:
    ioc = at({0: lambda context: context.buy("A", 10, time_in_force="ioc")})
    outcome = act([bars("A", FLAT, FLAT)], ioc, latency_ms=1)
    assert [fill[0] for fill in outcome.fills] == [2]


def test_all_or_nothing_is_filled_wholly() -> None:
    fok = at({0: lambda context: context.buy("A", 10, time_in_force="fok")})
    assert_orders(
        act([DAYS], fok, max_volume_participation=0.1),
        (0, 1, "buy", "submitted", 10, None),
        (1, 1, "buy", "filled", 10, None),
    )


@pytest.mark.parametrize(
    ("send", "status", "reason"),
    [
        (lambda context: context.buy("A", 11, time_in_force="fok"), "cancelled", "fill_or_kill"),
        (
            lambda context: context.buy("A", 5, limit=9, time_in_force="fok"),
            "cancelled",
            "fill_or_kill",
        ),
        (
            lambda context: context.buy("B", 101, time_in_force="fok"),
            "rejected",
            "insufficient_cash",
        ),
    ],
    ids=["volume", "price", "cash"],
)
def test_or_not_at_all_for_want_of(send: Act, status: str, reason: str) -> None:
    deep = bars("B", FLAT, FLAT)
    outcome = act([DAYS, deep], at({0: send}), max_volume_participation=0.1)
    assert outcome.fills == []
    ends = [(bar, status, reason) for bar, _, _, status, _, reason in outcome.orders[1:]]
    assert ends == [(1, status, reason)]
