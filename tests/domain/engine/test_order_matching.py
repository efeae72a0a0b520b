"""Which price an order meets on a bar, by which rule: by hand, then for any bar and order."""

import math
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.engine.matching import Costs, kind_after, matched, offered, slippage_of
from domain.engine.terms import Kind, Rule

MARKET, LIMIT, STOP, STOP_LIMIT = Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT
BUY, SELL, UNUSED = 1.0, -1.0, math.nan


class Bar(NamedTuple):
    open: float
    high: float
    low: float
    close: float


BAR = Bar(100.0, 110.0, 90.0, 105.0)


def met(kind: Kind, side: float, bar: Bar, limit: float = UNUSED, stop: float = UNUSED) -> object:
    """(price, rule) or, where there is no price, the rule alone."""
    price, rule = matched(kind, side, limit, stop, *bar)
    return Rule(rule) if math.isnan(price) else (price, Rule(rule))


def test_a_market_order_gets_the_open() -> None:
    assert met(MARKET, BUY, BAR) == (100.0, Rule.OPEN)
    assert met(MARKET, SELL, BAR) == (100.0, Rule.OPEN)


@pytest.mark.parametrize(
    ("side", "limit", "expected"),
    [
        (BUY, 95.0, (95.0, Rule.LIMIT)),
        (BUY, 90.0, (90.0, Rule.LIMIT)),  # touching is enough
        (BUY, 89.9, Rule.NONE),
        (BUY, 100.0, (100.0, Rule.LIMIT_GAP)),  # at the open
        (BUY, 104.0, (100.0, Rule.LIMIT_GAP)),
        (SELL, 107.0, (107.0, Rule.LIMIT)),
        (SELL, 110.0, (110.0, Rule.LIMIT)),
        (SELL, 110.1, Rule.NONE),
        (SELL, 100.0, (100.0, Rule.LIMIT_GAP)),
        (SELL, 96.0, (100.0, Rule.LIMIT_GAP)),
    ],
)
def test_a_limit_order_gets_its_limit_or_a_better_open(
    side: float, limit: float, expected: object
) -> None:
    assert met(LIMIT, side, BAR, limit=limit) == expected


@pytest.mark.parametrize(
    ("side", "stop", "expected"),
    [
        (BUY, 108.0, (108.0, Rule.STOP)),
        (BUY, 110.0, (110.0, Rule.STOP)),
        (BUY, 110.1, Rule.NONE),
        (BUY, 100.0, (100.0, Rule.STOP_GAP)),
        (BUY, 97.0, (100.0, Rule.STOP_GAP)),
        (SELL, 93.0, (93.0, Rule.STOP)),
        (SELL, 90.0, (90.0, Rule.STOP)),
        (SELL, 89.9, Rule.NONE),
        (SELL, 100.0, (100.0, Rule.STOP_GAP)),
        (SELL, 104.0, (100.0, Rule.STOP_GAP)),
    ],
)
def test_a_stop_order_gets_its_stop_or_a_worse_open(
    side: float, stop: float, expected: object
) -> None:
    assert met(STOP, side, BAR, stop=stop) == expected


@pytest.mark.parametrize(
    ("stop", "limit", "expected", "why"),
    [
        (111.0, 112.0, Rule.NONE, "the stop is not reached"),
        (106.0, 108.0, (106.0, Rule.STOP), "at the stop the limit lets it buy at once"),
        (106.0, 106.0, (106.0, Rule.STOP), "the same, at the edge"),
        (109.0, 105.0, (105.0, Rule.LIMIT), "from the stop at 109 down to the close, through 105"),
        (109.0, 104.0, Rule.TRIGGERED, "the low of 90 may have come before the stop"),
        (95.0, 97.0, (97.0, Rule.LIMIT), "triggered at the open: the whole bar counts"),
        (95.0, 102.0, (100.0, Rule.LIMIT_GAP), "triggered at the open, which is below the limit"),
        (100.0, 100.0, (100.0, Rule.LIMIT_GAP), "the open is the stop and the limit"),
        (100.0, 89.0, Rule.TRIGGERED, "triggered at the open, and the limit is never reached"),
    ],
)
def test_a_stop_limit_to_buy_is_filled_where_the_path_of_the_bar_is_certain(
    stop: float, limit: float, expected: object, why: str
) -> None:
    assert met(STOP_LIMIT, BUY, BAR, limit=limit, stop=stop) == expected, why


def test_a_stop_limit_to_sell_by_hand() -> None:
    bar = Bar(100.0, 110.0, 90.0, 95.0)
    assert met(STOP_LIMIT, SELL, bar, stop=94.0, limit=92.0) == (94.0, Rule.STOP)
    assert met(STOP_LIMIT, SELL, bar, stop=91.0, limit=94.0) == (94.0, Rule.LIMIT)
    assert met(STOP_LIMIT, SELL, bar, stop=91.0, limit=96.0) is Rule.TRIGGERED
    assert met(STOP_LIMIT, SELL, bar, stop=89.0, limit=80.0) is Rule.NONE


def test_a_triggered_stop_goes_on_as_market_or_limit_order() -> None:
    assert [kind_after(kind) for kind in Kind] == [MARKET, LIMIT, MARKET, LIMIT]


def test_only_market_and_stop_orders_slip() -> None:
    costs = Costs(0.01, 0.0, 0.0, 0.0, 0.0, math.inf, 0)
    assert [slippage_of(kind, costs) for kind in Kind] == [0.01, 0.0, 0.01, 0.0]


def test_a_fill_takes_no_more_than_its_share_of_the_volume_in_whole_lots() -> None:
    costs = Costs(0.0, 0.0, 0.0, 0.0, 10.0, 0.25, 0)
    assert offered(1_000.0, 500.0, costs) == 120.0
    assert offered(-1_000.0, 500.0, costs) == -120.0
    assert offered(100.0, 500.0, costs) == 100.0
    assert offered(100.0, 0.0, costs) == 0.0
    assert offered(100.0, 0.0, costs._replace(participation=math.inf)) == 100.0


PRICES = st.integers(1, 12).map(float)  # few enough that they often tie


@st.composite
def bars(draw: st.DrawFn) -> Bar:
    low, *between, high = sorted(draw(st.tuples(PRICES, PRICES, PRICES, PRICES)))
    opened, closed = draw(st.permutations(between))
    return Bar(opened, high, low, closed)


def paths(bar: Bar) -> list[list[float]]:
    """The two shortest ways through a bar: low first, or high first."""
    return [[bar.open, *turns, bar.close] for turns in ((bar.low, bar.high), (bar.high, bar.low))]


def walk(path: list[float], kind: Kind, limit: float, stop: float) -> tuple[float, bool] | None:
    """At which price a buy is filled, watching the price move step by step; and if at the open."""
    triggered = kind in (MARKET, LIMIT)
    limited = kind in (LIMIT, STOP_LIMIT)
    price, at_the_open = path[0], True
    for following in path:
        step = math.copysign(0.5, following - price)
        while True:
            triggered = triggered or price >= stop
            if triggered and (not limited or price <= limit):
                return price, at_the_open
            if price == following:
                break
            price, at_the_open = price + step, False
    return None


@given(bars(), st.sampled_from([*Kind]), PRICES, PRICES)
def test_buying_agrees_with_watching_the_price_move(
    bar: Bar, kind: Kind, limit: float, stop: float
) -> None:
    price, rule = matched(kind, BUY, limit, stop, *bar)
    watched = [walk(path, kind, limit, stop) for path in paths(bar)]
    if rule not in (Rule.NONE, Rule.TRIGGERED):
        at_the_open = rule in (Rule.OPEN, Rule.LIMIT_GAP, Rule.STOP_GAP)
        assert watched == [(price, at_the_open)] * 2
    else:
        # Only of a stop-limit may one path say so and another not: then it is not certain.
        assert None in watched


@given(bars(), st.sampled_from([*Kind]), PRICES, PRICES)
def test_selling_is_buying_in_the_mirror(bar: Bar, kind: Kind, limit: float, stop: float) -> None:
    mirrored = Bar(20 - bar.open, 20 - bar.low, 20 - bar.high, 20 - bar.close)
    price, rule = matched(kind, BUY, limit, stop, *bar)
    other, same_rule = matched(kind, SELL, 20 - limit, 20 - stop, *mirrored)
    assert rule == same_rule
    assert math.isnan(price) == math.isnan(other)
    assert math.isnan(price) or price == 20 - other


@given(bars(), st.sampled_from([*Kind]), st.sampled_from([BUY, SELL]), PRICES, PRICES)
def test_every_fill_is_inside_its_bar_and_no_worse_than_its_limit(
    bar: Bar, kind: Kind, side: float, limit: float, stop: float
) -> None:
    price, rule = matched(kind, side, limit, stop, *bar)
    assume(not math.isnan(price))
    assert bar.low <= price <= bar.high
    assert rule in (Rule.OPEN, Rule.LIMIT_GAP, Rule.STOP_GAP) or price in (limit, stop)
    if kind in (LIMIT, STOP_LIMIT):
        assert side * price <= side * limit
    if rule in (Rule.LIMIT_GAP, Rule.STOP_GAP):
        assert price == bar.open
