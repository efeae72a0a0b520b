"""The arithmetic of one fill, at its edges."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.engine.matching import (
    Costs,
    affordable,
    commission,
    cut,
    payable,
    slipped,
    whole_lots,
)

FREE = Costs(0.0, 0.0, 0.0, 0.0, 0.0, np.inf, 0)


def costs(rate: float, per_share: float, minimum: float, lot_size: float = 0.0) -> Costs:
    return Costs(0.0, rate, per_share, minimum, lot_size, np.inf, 0)


def left(cash: float, quantity: float, price: float, at: Costs) -> float:
    return cash - quantity * price - commission(quantity, price, at)


def test_slippage_goes_against_the_trader() -> None:
    assert slipped(100.0, 1.0, 0.01) == 101.0
    assert slipped(100.0, -1.0, 0.01) == 99.0


def test_commission_is_by_value_and_by_share_and_at_least_the_minimum() -> None:
    assert commission(-50.0, 10.0, costs(0.01, 0.1, 0.0)) == 5.0 + 5.0
    assert commission(50.0, 10.0, costs(0.01, 0.1, 10.5)) == 10.5
    assert commission(50.0, 10.0, FREE) == 0.0


@pytest.mark.parametrize(
    ("quantity", "lot_size", "expected"),
    [
        (2.7, 0.0, 2.7),
        (2.7, 1.0, 2.0),
        (-2.7, 1.0, -2.0),
        (0.3, 0.1, 3 * 0.1),
        (0.7, 0.1, 7 * 0.1),
        (99.0, 100.0, 0.0),
        (1e30, 1e-9, 1e30),
        (math.inf, 1.0, math.inf),
    ],
)
def test_whole_lots_towards_zero(quantity: float, lot_size: float, expected: float) -> None:
    assert whole_lots(quantity, lot_size) == expected


def test_a_cut_leaves_no_rounding_behind() -> None:
    assert cut(10.0, 4.0, 0.0) == 4.0
    assert cut(-10.0, 4.0, 0.0) == -4.0
    assert cut(-3.0, 4.0, 0.0) == -3.0
    assert cut(29.0, 0.29 * 100, 0.0) == 29.0
    assert cut(0.1 + 0.2 - 0.1, 0.1, 0.1) == 0.1
    assert cut(0.2 - 0.1, 0.09999999, 0.1) == 0.1
    assert cut(5.0, 0.0, 0.0) == 0.0


def test_a_sale_goes_through_or_not() -> None:
    fee = costs(0.0, 0.0, 5.0)
    assert payable(-1.0, 1.0, 4.0, fee) == -1.0
    assert payable(-1.0, 0.5, 4.0, fee) == 0.0


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


@settings(deadline=None)
@given(st.floats(0, 1e12), st.floats(1e-6, 1e6), COSTS)
def test_what_cash_affords_never_overdraws_and_one_more_would(
    cash: float, price: float, at: Costs
) -> None:
    quantity = affordable(cash, price, at)
    assert quantity >= 0.0
    assert quantity == 0.0 or left(cash, quantity, price, at) >= 0.0
    more = max(quantity * (1 + 1e-9), 1e-9) + at.lot_size
    assert left(cash, more, price, at) < 0.0 or math.isclose(more * price, 0.0, abs_tol=1e-9 * cash)
