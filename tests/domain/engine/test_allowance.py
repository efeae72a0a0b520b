"""What an account allows of a fill: by hand, then for any account and order."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engine.allowance import affordable, allowed, is_cash_account, payable
from domain.engine.matching import Costs, commission
from domain.engine.terms import Reason

FREE = Costs(0.0, 0.0, 0.0, 0.0, 0.0, np.inf, 0)
NONE, CASH = Reason.NONE, Reason.INSUFFICIENT_CASH
MARGIN, NO_SHORT = Reason.INSUFFICIENT_MARGIN, Reason.SHORT_NOT_ALLOWED


def costs(rate: float, per_share: float, minimum: float, lot_size: float = 0.0) -> Costs:
    return Costs(0.0, rate, per_share, minimum, lot_size, np.inf, 0)


def margin(leverage: float, *, short: bool = True, **others: Any) -> Costs:
    return FREE._replace(allow_short=short, leverage=leverage, **others)


def left(cash: float, quantity: float, price: float, at: Costs) -> float:
    return cash - quantity * price - commission(quantity, price, at)


def test_a_sale_goes_through_or_not() -> None:
    fee = costs(0.0, 0.0, 5.0)
    assert payable(-1.0, 1.0, 4.0, 0.0, fee) == -1.0
    assert payable(-1.0, 0.5, 4.0, 0.0, fee) == 0.0


def test_a_purchase_is_whole_if_it_can_be_paid_and_else_cut_to_whole_lots() -> None:
    lots = costs(0.0, 0.0, 0.0, 30.0)
    assert payable(45.0, 450.0, 10.0, 0.0, lots) == 45.0  # a split leaves orders of odd sizes
    assert payable(45.0, 440.0, 10.0, 0.0, lots) == 30.0


def test_what_cash_affords_by_hand() -> None:
    assert affordable(1_000.0, 10.0, FREE) == 100.0
    assert affordable(1_000.0, 10.0, costs(0.0, 0.0, 5.0)) == 99.5
    assert affordable(1_000.0, 10.0, costs(0.0, 2.5, 5.0)) == 80.0
    assert affordable(1_000.0, 10.0, costs(0.25, 0.0, 5.0)) == 80.0
    assert affordable(1_000.0, 10.0, costs(0.25, 0.0, 600.0)) == 40.0
    assert affordable(1_000.0, 10.0, costs(0.25, 0.0, 0.0, 30.0)) == 60.0
    assert affordable(4.0, 10.0, costs(0.0, 0.0, 5.0)) == 0.0


COSTS = st.builds(
    costs,
    st.sampled_from([0.0, 1e-4, 0.01, 0.5]),
    st.sampled_from([0.0, 0.005, 3.0]),
    st.sampled_from([0.0, 1.0, 1e4]),
    st.sampled_from([0.0, 1e-9, 0.1, 1.0, 100.0]),
)


@given(st.floats(0, 1e12), st.floats(1e-6, 1e6), COSTS)
def test_what_cash_affords_never_overdraws_and_one_more_would(
    cash: float, price: float, at: Costs
) -> None:
    quantity = affordable(cash, price, at)
    assert quantity >= 0.0
    assert quantity == 0.0 or left(cash, quantity, price, at) >= 0.0
    more = max(quantity * (1 + 1e-9), 1e-9) + at.lot_size
    assert left(cash, more, price, at) < 0.0 or math.isclose(more * price, 0.0, abs_tol=1e-9 * cash)


def test_a_cash_account_is_one_that_can_neither_be_short_nor_owe() -> None:
    assert is_cash_account(FREE)
    assert not is_cash_account(margin(1.0))
    assert not is_cash_account(margin(1.5, short=False))


@pytest.mark.parametrize(
    ("quantity", "position", "expected"),
    [
        (80.0, 0.0, (80.0, NONE)),
        (120.0, 0.0, (100.0, CASH)),
        (-30.0, 50.0, (-30.0, NONE)),
        (-60.0, 50.0, (-50.0, NO_SHORT)),
        (-60.0, 0.0, (0.0, NO_SHORT)),
    ],
)
def test_a_cash_account_buys_what_it_can_pay_and_sells_what_it_holds(
    quantity: float, position: float, expected: tuple[float, Reason]
) -> None:
    assert allowed(quantity, 10.0, 1_000.0, position, 0.0, 0.0, FREE) == expected


@pytest.mark.parametrize("size", [1e3, 1e13, 1e300])
def test_an_order_is_cut_to_what_there_is_however_large_it_is(size: float) -> None:
    assert allowed(size, 10.0, 1_000.0, 0.0, 0.0, 0.0, FREE) == (100.0, CASH)
    assert allowed(-size, 10.0, 0.0, 50.0, 0.0, 0.0, FREE) == (-50.0, NO_SHORT)
    assert allowed(size, 10.0, 1_000.0, 0.0, 0.0, 0.0, margin(2.0)) == (200.0, MARGIN)
    assert allowed(-size, 10.0, 1_000.0, 0.0, 0.0, 0.0, margin(2.0)) == (-200.0, MARGIN)


@pytest.mark.parametrize("size", [50.0, 1e13])
def test_what_rounding_leaves_of_cash_buys_nothing(size: float) -> None:
    # 1,000 in shares of this symbol, or of another.
    assert allowed(size, 10.0, 1e-13, 100.0, 0.0, 0.0, FREE) == (0.0, CASH)
    assert allowed(size, 10.0, 1e-13, 0.0, 1_000.0, 1_000.0, FREE) == (0.0, CASH)
    assert allowed(size, 10.0, 1e-13, 0.0, 1_000.0, 1_000.0, margin(1.0)) == (0.0, MARGIN)


def test_a_sale_that_cannot_pay_its_own_commission_is_not_for_want_of_shares() -> None:
    fee = costs(0.0, 0.0, 5_000.0)
    assert allowed(-60.0, 10.0, 1_000.0, 50.0, 0.0, 0.0, fee) == (0.0, CASH)


@pytest.mark.parametrize(
    ("quantity", "cash", "position", "others", "at", "expected"),
    [
        # 1,000 of equity, twice that to hold: 200 shares at 10.
        (250.0, 1_000.0, 0.0, 0.0, margin(2.0), (200.0, MARGIN)),
        (-250.0, 1_000.0, 0.0, 0.0, margin(2.0), (-200.0, MARGIN)),
        # 60 held for 600: equity 1,000, so 140 more, or 260 sold to be 200 short.
        (150.0, 400.0, 60.0, 0.0, margin(2.0), (140.0, MARGIN)),
        (-300.0, 400.0, 60.0, 0.0, margin(2.0), (-260.0, MARGIN)),
        (-260.0, 400.0, 60.0, 0.0, margin(2.0), (-260.0, NONE)),
        # Another symbol, short 500, takes up 500 of the 2,000.
        (250.0, 1_500.0, 0.0, -500.0, margin(2.0), (150.0, MARGIN)),
        # Nothing left to hold more with, but what is held can always go.
        (10.0, -1_000.0, 200.0, 0.0, margin(2.0), (0.0, MARGIN)),
        (-200.0, -1_000.0, 200.0, 0.0, margin(2.0), (-200.0, NONE)),
        (-210.0, -1_900.0, 200.0, 0.0, margin(2.0), (-210.0, NONE)),
        (-250.0, -1_900.0, 200.0, 0.0, margin(2.0), (-220.0, MARGIN)),
        # Ruined: only towards nothing, whole or in part.
        (-250.0, -3_000.0, 200.0, 0.0, margin(2.0), (-200.0, MARGIN)),
        (250.0, 900.0, -100.0, 0.0, margin(2.0), (100.0, MARGIN)),
        # Leverage without shorts.
        (-250.0, 400.0, 60.0, 0.0, margin(2.0, short=False), (-60.0, NO_SHORT)),
        # Lots of 30; what closes a position need not be whole lots.
        (250.0, 1_000.0, 0.0, 0.0, margin(2.0, lot_size=30.0), (180.0, MARGIN)),
        (-250.0, -3_000.0, 200.0, 0.0, margin(2.0, lot_size=30.0), (-200.0, MARGIN)),
        # 1 % commission: 10 n = 2 (1,000 - 0.1 n).
        (250.0, 1_000.0, 0.0, 0.0, margin(2.0, commission=0.01), (2_000 / 10.2, MARGIN)),
        (250.0, 1_000.0, 0.0, 0.0, margin(2.0, commission_minimum=100.0), (180.0, MARGIN)),
    ],
)
def test_a_margin_account_holds_up_to_its_leverage(
    quantity: float,
    cash: float,
    position: float,
    others: float,
    at: Costs,
    expected: tuple[float, Reason],
) -> None:
    found, reason = allowed(quantity, 10.0, cash, position, others, abs(others), at)
    assert found == pytest.approx(expected[0], rel=1e-12)
    assert reason == expected[1]


ACCOUNTS = st.builds(
    Costs,
    st.just(0.0),
    st.sampled_from([0.0, 1e-4, 0.01]),
    st.sampled_from([0.0, 0.005]),
    st.sampled_from([0.0, 1.0, 500.0]),
    st.sampled_from([0.0, 0.1, 7.0]),
    st.just(math.inf),
    st.just(0),
    st.booleans(),
    st.sampled_from([1.0, 1.5, 4.0]),
)
SHARES = st.floats(-1e4, 1e4).map(lambda shares: round(shares, 6))


@given(SHARES, st.floats(0.01, 1e3), st.floats(-1e5, 1e6), SHARES, SHARES, ACCOUNTS)
def test_no_account_is_taken_over_its_bounds(
    quantity: float, price: float, cash: float, position: float, net: float, at: Costs
) -> None:
    fill, reason = allowed(quantity, price, cash, position, net, abs(net), at)
    assert abs(fill) <= abs(quantity)
    assert fill * quantity >= 0.0
    after = position + fill
    assert at.allow_short or after >= min(position, 0.0)
    if abs(fill) < abs(quantity) * (1 - 1e-9):
        assert reason != NONE
    reduces = fill * position < 0.0 and abs(fill) <= abs(position)
    if fill == 0.0 or reduces:
        return
    if is_cash_account(at):
        assert left(cash, fill, price, at) >= 0.0
    else:
        equity = cash + net + position * price - commission(fill, price, at)
        assert abs(net) + abs(after) * price <= at.leverage * equity + 1e-6


@given(st.floats(1.0, 1e4), st.floats(0.01, 1e3), st.floats(-1e6, 1e6), SHARES, ACCOUNTS)
def test_the_way_to_nothing_is_always_open(
    position: float, price: float, cash: float, net: float, at: Costs
) -> None:
    at = at._replace(allow_short=True)
    assert allowed(-position, price, cash, position, net, abs(net), at) == (-position, NONE)
    assert allowed(position, price, cash, -position, net, abs(net), at) == (position, NONE)
