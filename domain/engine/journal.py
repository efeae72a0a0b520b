"""What has happened to an event strategy's orders in a stretch of rows, on its way to the tape."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from domain.engine.buffers import Fills, Orders
from domain.engine.order import Fill, Order
from domain.engine.segments import fills_table, orders_table
from domain.engine.tape import TABLES
from domain.engine.terms import Reason, Status
from domain.market.bars import Times

# Of Fills and of Orders, after their size.
_FILL_TYPES = [np.int64] * 3 + [np.float64] * 4 + [np.int64]
_EVENT_TYPES = [np.int64] * 5 + [np.float64]

_FILL_TERMS = {name: TABLES["fills"][name] for name in ("reasoning", "confidence")}
_ORDER_TERMS = {
    name: TABLES["orders"][name]
    for name in ("type", "time_in_force", "limit", "stop", "reasoning", "confidence")
}


class Journal:
    """Fills and order events, one after the other."""

    def __init__(self) -> None:
        self._fills: list[tuple[float, ...]] = []
        self._fill_terms: list[tuple[Any, ...]] = []
        self._events: list[tuple[float, ...]] = []
        self._event_terms: list[tuple[Any, ...]] = []

    def fill(self, row: int, column: int, fill: Fill) -> None:
        """Note a fill of the symbol with this number."""
        order = fill.order
        costs = (fill.quantity, fill.price, fill.commission, fill.slippage)
        self._fills.append((row, column, order.id, *costs, fill.rule))
        self._fill_terms.append((order.reasoning, order.confidence))

    def event(
        self, row: int, column: int, order: Order, status: Status, reason: Reason, quantity: float
    ) -> None:
        """Note what happened to an order, and to how much of it (signed)."""
        self._events.append((row, column, order.id, status, reason, quantity))
        words = (order.kind.name.lower(), order.time_in_force.name.lower())
        prices = (order.limit, order.stop)
        self._event_terms.append((*words, *prices, order.reasoning, order.confidence))

    def take(self, timestamp: Times, symbols: pl.Series) -> tuple[Fills, dict[str, pl.DataFrame]]:
        """Hand out the fills since the last time, and the tables ``fills`` and ``orders``."""
        fills = Fills(np.array([len(self._fills)]), *_columns(self._fills, _FILL_TYPES))
        events = Orders(np.array([len(self._events)]), *_columns(self._events, _EVENT_TYPES))
        filled = fills_table(fills, timestamp, symbols)
        happened = orders_table(events, timestamp, symbols)
        tables = {
            "fills": filled.with_columns(_terms(self._fill_terms, _FILL_TERMS)),
            "orders": happened.with_columns(_terms(self._event_terms, _ORDER_TERMS)),
        }
        for gathered in (self._fills, self._fill_terms, self._events, self._event_terms):
            gathered.clear()
        return fills, tables


def _columns(rows: Sequence[tuple[Any, ...]], types: Sequence[type]) -> Iterator[Any]:
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    return (np.array(column, type_) for column, type_ in zip(columns, types, strict=True))


def _terms(rows: Sequence[tuple[Any, ...]], schema: Any) -> list[pl.Series]:
    return pl.DataFrame(rows, schema=schema, orient="row").get_columns()
