"""Round trips, first in, first out: by hand, and reconciled with the account."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engine.account import Changes
from domain.engine.buffers import Fills
from domain.engine.lots import Trips
from domain.engine.round_trips import RoundTrips
from domain.engine.terms import Rule
from domain.engine.timeline import Timeline

Fill = tuple[int, float, float, float]

OPEN, LIMIT, LIMIT_GAP, STOP = Rule.OPEN, Rule.LIMIT, Rule.LIMIT_GAP, Rule.STOP


def fills(*given: Fill, rows: Sequence[int], rules: Sequence[Rule] | None = None) -> Fills:
    """Fills (symbol, quantity, price, commission) on these rows."""
    symbol, quantity, price, commission = np.array(given, dtype=np.float64).reshape(-1, 4).T.copy()
    size, row = np.array([len(given)]), np.array(rows, dtype=np.int64)
    rule = np.array(rules or [OPEN] * len(given), dtype=np.int64)
    return Fills(
        size, row, symbol.astype(np.int64), np.arange(1, len(given) + 1), quantity, price,
        commission, np.zeros(len(given)), rule,
    )  # fmt: skip


def timeline(*bars: tuple[float, float, float, float]) -> Timeline:
    """One symbol's bars: open, high, low, close."""
    quotes = np.array(bars, dtype=np.float64).T.copy()
    opened, high, low, close = (column.reshape(-1, 1) for column in quotes)
    return Timeline(np.arange(len(bars)), opened, high, low, close, volume=close, target=close)


def flat(rows: int, symbols: int = 3) -> Timeline:
    """Prices that nobody looks at."""
    return Timeline(np.arange(rows), *np.ones((6, rows, symbols)))


def changes(*given: tuple[int, int, float]) -> Changes:
    """Splits: (row, symbol, ratio)."""
    row, symbol, ratio = np.array(given, dtype=np.float64).reshape(-1, 3).T.copy()
    return Changes(row.astype(np.int64), symbol.astype(np.int64), ratio, np.zeros(len(given)))


def profits(*given: Fill) -> list[float]:
    closed = RoundTrips(flat(len(given))).extend(fills(*given, rows=range(len(given))), changes())
    return list(map(float, closed.profit))


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
    assert profits() == []


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


@given(FILLS, st.lists(st.integers(0, 40), max_size=5), st.sampled_from([0.1, 2.0, 3.0]))
def test_stretches_make_no_difference(given: list[Fill], cuts: list[int], ratio: float) -> None:
    prices = flat(len(given))
    splits = changes((len(given) // 2, 0, ratio), (len(given) // 2, 1, 1 / ratio))
    whole = RoundTrips(prices).extend(fills(*given, rows=range(len(given))), splits)
    piecemeal, found = RoundTrips(prices), []
    edges = [0, *sorted(cut for cut in cuts if cut <= len(given)), len(given)]
    for start, stop in pairwise(edges):
        every = fills(*given, rows=range(len(given)))
        part = Fills._make(column[start:stop] for column in every)
        due = [start <= row < stop for row in splits.row]
        found.append(piecemeal.extend(part, Changes._make(column[due] for column in splits)))
    for name in Trips._fields[1:]:
        pieces = np.concatenate([getattr(each, name) for each in found])
        np.testing.assert_array_equal(pieces, getattr(whole, name), err_msg=name)


def one_trip(prices: Timeline, given: Fills, splits: Changes | None = None) -> dict[str, Any]:
    """The only round trip, its columns by name."""
    trips = RoundTrips(prices).extend(given, changes() if splits is None else splits)
    assert trips.size[0] == 1
    return {name: getattr(trips, name)[0] for name in Trips._fields[1:]}


BARS = timeline((10, 11, 9, 10), (10, 14, 8, 12), (12, 13, 6, 11), (11, 20, 1, 15))


def test_a_round_trip_says_when_what_and_by_which_orders() -> None:
    trip = one_trip(BARS, fills((0, 2, 10.0, 1.0), (0, -2, 12.0, 3.0), rows=[0, 2]))
    assert (trip["entry_row"], trip["exit_row"], trip["symbol"]) == (0, 2, 0)
    assert (trip["entry_order"], trip["exit_order"]) == (1, 2)
    assert (trip["quantity"], trip["entry_price"], trip["exit_price"]) == (2.0, 10.0, 12.0)
    assert (trip["commission"], trip["profit"]) == (4.0, 0.0)


def test_excursions_are_those_of_the_bars_between_and_of_the_fills() -> None:
    # Bought and sold at the open: bars 0 and 1 count, bar 2 does not. High 14, low 8.
    long = one_trip(BARS, fills((0, 1, 10.0, 0), (0, -1, 12.0, 0), rows=[0, 2]))
    assert (long["favourable"], long["adverse"]) == (0.4, 0.2)
    short = one_trip(BARS, fills((0, -1, 10.0, 0), (0, 1, 12.0, 0), rows=[0, 2]))
    assert (short["favourable"], short["adverse"]) == (0.2, 0.4)
    best = one_trip(BARS, fills((0, 1, 10.0, 0), (0, -1, 15.0, 0), rows=[0, 2]))
    assert best["favourable"] == 0.5  # the exit's own price, above every bar's high


def test_of_a_bar_that_filled_inside_only_what_is_certain_counts() -> None:
    # Bought inside bar 1 at 10: its close 12 counts, neither its high nor its low. Sold inside bar
    # 2 at 11.5: its open 12 came before, its low 6 perhaps after.
    rules = [LIMIT, STOP]
    trip = one_trip(BARS, fills((0, 1, 10.0, 0), (0, -1, 11.5, 0), rows=[1, 2], rules=rules))
    assert (trip["favourable"], trip["adverse"]) == (0.2, 0.0)
    gapped = [LIMIT_GAP, OPEN]
    trip = one_trip(BARS, fills((0, 1, 10.0, 0), (0, -1, 12.0, 0), rows=[1, 2], rules=gapped))
    assert (trip["favourable"], trip["adverse"]) == (0.4, 0.2)


def test_in_and_out_on_one_bar_has_seen_only_its_own_prices() -> None:
    rules = [LIMIT, LIMIT]
    trip = one_trip(BARS, fills((0, 1, 10.0, 0), (0, -1, 11.0, 0), rows=[1, 1], rules=rules))
    assert trip["favourable"] == pytest.approx(0.1)
    assert trip["adverse"] == 0.0


def test_a_row_without_a_bar_has_no_extremes() -> None:
    nan = float("nan")
    bars = timeline((10, 11, 9, 10), (nan, nan, nan, nan), (12, 12, 12, 12))
    trip = one_trip(bars, fills((0, 1, 10.0, 0), (0, -1, 12.0, 0), rows=[0, 2]))
    assert trip["favourable"] == pytest.approx(0.2)
    assert trip["adverse"] == pytest.approx(0.1)


def test_a_split_is_no_profit_and_no_excursion() -> None:
    bars = timeline((100, 110, 90, 100), (100, 120, 95, 110), (55, 56, 54, 55), (60, 60, 60, 60))
    given = fills((0, 10, 100.0, 5.0), (0, -20, 60.0, 5.0), rows=[0, 3])
    trip = one_trip(bars, given, changes((2, 0, 2.0)))
    assert (trip["quantity"], trip["entry_price"]) == (20.0, 50.0)
    assert trip["profit"] == pytest.approx(20 * 10 - 10)
    assert trip["favourable"] == pytest.approx(0.2)  # 60 against 50
    assert trip["adverse"] == pytest.approx(0.1)  # 45 against 50


def test_a_split_comes_before_the_fills_of_its_row() -> None:
    given = fills((0, 10, 100.0, 0), (0, -20, 50.0, 0), (0, 7, 50.0, 0), rows=[0, 1, 1])
    trip = one_trip(flat(2), given, changes((1, 0, 2.0)))
    assert (trip["quantity"], trip["profit"]) == (20.0, 0.0)


def test_a_split_of_one_symbol_leaves_the_others_alone() -> None:
    given = fills((0, 10, 100.0, 0), (1, 10, 100.0, 0), (1, -10, 101.0, 0), rows=[0, 0, 2])
    trip = one_trip(flat(3), given, changes((1, 0, 2.0)))
    assert (trip["symbol"], trip["quantity"], trip["profit"]) == (1, 10.0, 10.0)
