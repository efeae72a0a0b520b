"""Any account, row by row: what the tape says happened adds up to what it says there is."""

from typing import Any

import numpy as np
import polars as pl
from hypothesis import given

from tests.domain.engine.building import Outcome
from tests.domain.engine.cases import CAPITAL, Case, eventful_cases


class Books:
    """Cash and shares as a reader of the tape keeps them, from nothing but its rows."""

    def __init__(self, case: Case, outcome: Outcome) -> None:
        self.cash = CAPITAL
        self.held = {each.symbol: 0.0 for each in case.data}
        self.last = {each.symbol: 0.0 for each in case.data}
        self._closes = {
            each.symbol: dict(zip(each.timestamp.tolist(), each.close.tolist(), strict=True))
            for each in case.data
        }
        names = ("actions", "cash_events", "fills")
        self._rows = {name: _by_moment(outcome.table(name)) for name in names}

    def pass_to(self, moment: int) -> None:
        for event in self._rows["cash_events"].get(moment, []):
            self.cash += event["amount"]
        for action in self._rows["actions"].get(moment, []):
            self.held[action["symbol"]] *= action["split"]
            self.last[action["symbol"]] /= action["split"]
        for fill in self._rows["fills"].get(moment, []):
            signed = fill["quantity"] if fill["side"] == "buy" else -fill["quantity"]
            self.cash -= signed * fill["price"] + fill["commission"]
            self.held[fill["symbol"]] += signed
        for symbol, closes in self._closes.items():
            self.last[symbol] = closes.get(moment, self.last[symbol])

    @property
    def positions(self) -> float:
        return sum(quantity * self.last[symbol] for symbol, quantity in self.held.items())


def _by_moment(table: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in table.with_columns(pl.col("timestamp").cast(pl.Int64)).iter_rows(named=True):
        rows.setdefault(row["timestamp"], []).append(row)
    return rows


@given(eventful_cases())
def test_every_row_is_the_fills_cash_events_and_splits_so_far_at_the_last_closes(
    case: Case,
) -> None:
    outcome = case.run()
    books = Books(case, outcome)
    for moment, (cash, positions) in zip(outcome.moments, outcome.account, strict=True):
        books.pass_to(moment)
        size = 1e-9 * max(CAPITAL, abs(cash), abs(positions))
        np.testing.assert_allclose((cash, positions), (books.cash, books.positions), 0, size)


@given(eventful_cases())
def test_every_fill_is_at_the_open_moved_by_slippage_and_costs_what_it_says(case: Case) -> None:
    opens = {
        (each.symbol, int(time)): float(opened)
        for each in case.data
        for time, opened in zip(each.timestamp, each.open, strict=True)
    }
    outcome = case.run()
    for fill in outcome.table("fills").with_columns(pl.col("timestamp").cast(pl.Int64)).to_dicts():
        opened = opens[fill["symbol"], fill["timestamp"]]
        side = 1 if fill["side"] == "buy" else -1
        assert fill["rule"] == "open"
        np.testing.assert_allclose(
            fill["price"], opened * (1 + side * case.settings.slippage_bps / 1e4), 1e-12
        )
        slippage = fill["quantity"] * abs(fill["price"] - opened)
        np.testing.assert_allclose(fill["slippage"], slippage, 1e-9, 1e-9)


@given(eventful_cases())
def test_positions_are_short_and_cash_is_owed_only_where_the_account_allows_it(case: Case) -> None:
    outcome, books = case.run(), None
    books = Books(case, outcome)
    for moment, (cash, _) in zip(outcome.moments, outcome.account, strict=True):
        books.pass_to(moment)
        if not case.settings.allow_short:
            assert min(books.held.values()) >= -1e-9
        if not case.settings.allow_short and case.settings.max_leverage == 1.0:
            assert cash >= 0.0
