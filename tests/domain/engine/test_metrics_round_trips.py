"""First in, first out: by hand, and reconciled with the account."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engine.round_trips import round_trip_profits

Fill = tuple[int, float, float, float]


def profits(*fills: Fill) -> list[float]:
    symbol, quantity, price, commission = zip(*fills, strict=True)
    found = round_trip_profits(
        np.array(symbol, dtype=np.int64),
        np.array(quantity, dtype=np.float64),
        np.array(price, dtype=np.float64),
        np.array(commission, dtype=np.float64),
    )
    return list(map(float, found))


def test_one_long_round_trip_pays_both_commissions() -> None:
    assert profits((0, 10, 5.0, 1.0), (0, -10, 7.0, 2.0)) == [17.0]


def test_one_short_round_trip() -> None:
    assert profits((0, -10, 7.0, 1.0), (0, 10, 5.0, 2.0)) == [17.0]


def test_an_exit_closes_the_oldest_lot_first_and_commissions_go_by_quantity() -> None:
    # exit 15 @ 12: 10 of the first lot (2 each, less 1.0 and 2/3 of 1.5), 5 of the second's 10
    assert profits((0, 10, 10.0, 1.0), (0, 10, 11.0, 2.0), (0, -15, 12.0, 1.5)) == [18.0, 3.5]


def test_a_lot_may_be_closed_by_several_exits() -> None:
    assert profits((0, 4, 10.0, 4.0), (0, -1, 12.0, 0.0), (0, -3, 9.0, 0.0)) == [1.0, -6.0]


def test_a_fill_through_zero_closes_and_opens() -> None:
    trips = profits((0, 5, 10.0, 0.0), (0, -8, 12.0, 8.0), (0, 3, 11.0, 0.0))
    assert trips == [10.0 - 5.0, 3.0 - 3.0]


def test_symbols_do_not_meet() -> None:
    trips = profits((0, 1, 10.0, 0), (1, -1, 20.0, 0), (1, 1, 19.0, 0), (0, -1, 13.0, 0))
    assert trips == [1.0, 3.0]


def test_open_positions_and_no_fills_are_no_round_trips() -> None:
    assert profits((0, 1, 10.0, 1.0), (1, -1, 10.0, 1.0)) == []
    nothing = np.zeros(0)
    assert len(round_trip_profits(nothing.astype(np.int64), nothing, nothing, nothing)) == 0


def test_what_rounding_leaves_of_a_lot_is_closed() -> None:
    assert 0.1 + 0.2 > 0.3
    assert len(profits((0, 0.1 + 0.2, 1.0, 0), (0, -0.3, 2.0, 0), (0, -0.3, 2.0, 0))) == 1


def test_what_rounding_leaves_of_an_exit_opens_nothing() -> None:
    trips = profits((0, 0.1, 1, 0), (0, 0.2, 1, 0), (0, -(0.1 + 0.2), 2, 0), (0, 5, 1, 0))
    assert trips == pytest.approx([0.1, 0.2])


def test_rounding_is_measured_by_the_holding_not_by_the_last_small_lot() -> None:
    large, small = 1e6 / 3, 1e-3 / 7
    held = large + small
    trips = profits((0, large, 1, 0), (0, small, 1, 0), (0, -held, 2, 0), (0, held, 1, 0))
    assert trips == pytest.approx([large, small], rel=1e-6)


def test_rounding_grows_with_the_holding() -> None:
    held = float(np.cumsum(np.full(10_000, 0.3))[-1])
    assert abs(held - 3_000.0) > 1e-12 * 0.3
    fills = [(0, 0.3, 1.0, 0.0)] * 10_000
    assert len(profits(*fills, (0, -held, 2.0, 0.0), (0, 1, 2.0, 0.0))) == 10_000


def open_lots_value(fills: list[Fill], marks: list[float]) -> tuple[float, float]:
    """The plainest first in, first out there is: one share at a time."""
    lots: dict[int, list[tuple[int, float, float]]] = {symbol: [] for symbol in range(len(marks))}
    closed = 0.0
    for symbol, quantity, price, commission in fills:
        side = 1 if quantity > 0 else -1
        cost = commission / abs(quantity)
        for _ in range(int(abs(quantity))):
            if lots[symbol] and lots[symbol][0][0] != side:
                direction, entry, paid = lots[symbol].pop(0)
                closed += direction * (price - entry) - paid - cost
            else:
                lots[symbol].append((side, price, cost))
    still_open = sum(
        direction * (marks[symbol] - entry) - paid
        for symbol, queue in lots.items()
        for direction, entry, paid in queue
    )
    return closed, still_open


FILLS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(-20, 20).filter(bool).map(float),
        st.integers(1, 1_000).map(lambda cents: cents / 100),
        st.integers(0, 50).map(lambda cents: cents / 100),
    ),
    min_size=1,
    max_size=40,
)


@given(FILLS, st.tuples(*[st.floats(0.5, 20.0)] * 3))
def test_round_trips_and_open_lots_reconcile_with_the_account(
    fills: list[Fill], marks: tuple[float, float, float]
) -> None:
    closed, still_open = open_lots_value(fills, list(marks))
    assert sum(profits(*fills)) == pytest.approx(closed, abs=1e-8)

    cash = sum(-quantity * price - commission for _, quantity, price, commission in fills)
    held = sum(quantity * marks[symbol] for symbol, quantity, _, _ in fills)
    assert sum(profits(*fills)) + still_open == pytest.approx(cash + held, abs=1e-8)
