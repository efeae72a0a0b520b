"""The buffers that a stretch of rows is written into, one entry after the other.

Named tuples of columns, since compiled code takes no self; ``size[0]`` entries are in use.
"""

from typing import NamedTuple

import numpy as np

from domain.compiled import compiled_in_place
from domain.engine.account import Integers
from domain.market.bars import Floats


class Fills(NamedTuple):
    """Fills; ``quantity`` is signed, costs are in account currency; ``rule``: see ``Rule``."""

    size: Integers
    row: Integers
    symbol: Integers
    order: Integers
    quantity: Floats
    price: Floats
    commission: Floats
    slippage: Floats
    rule: Integers

    @classmethod
    def room_for(cls, capacity: int) -> "Fills":
        """Buffers for at most ``capacity`` fills."""
        return cls(
            size=np.zeros(1, np.int64),
            row=np.zeros(capacity, np.int64),
            symbol=np.zeros(capacity, np.int64),
            order=np.zeros(capacity, np.int64),
            quantity=np.zeros(capacity),
            price=np.zeros(capacity),
            commission=np.zeros(capacity),
            slippage=np.zeros(capacity),
            rule=np.zeros(capacity, np.int64),
        )

    def used(self) -> "Fills":
        """The entries in use, copied: a view would keep all the room alive."""
        count = self.size[0]
        return Fills._make([self.size, *(column[:count].copy() for column in self[1:])])


class Orders(NamedTuple):
    """Order events; ``quantity`` is signed: what was asked, filled or dropped."""

    size: Integers
    row: Integers
    symbol: Integers
    order: Integers
    status: Integers
    reason: Integers
    quantity: Floats

    @classmethod
    def room_for(cls, capacity: int) -> "Orders":
        """Buffers for at most ``capacity`` order events."""
        return cls(
            size=np.zeros(1, np.int64),
            row=np.zeros(capacity, np.int64),
            symbol=np.zeros(capacity, np.int64),
            order=np.zeros(capacity, np.int64),
            status=np.zeros(capacity, np.int64),
            reason=np.zeros(capacity, np.int64),
            quantity=np.zeros(capacity),
        )


class Exposures(NamedTuple):
    """Positions held at snapshot rows."""

    size: Integers
    row: Integers
    symbol: Integers
    quantity: Floats
    price: Floats

    @classmethod
    def room_for(cls, capacity: int) -> "Exposures":
        """Buffers for at most ``capacity`` positions."""
        return cls(
            size=np.zeros(1, np.int64),
            row=np.zeros(capacity, np.int64),
            symbol=np.zeros(capacity, np.int64),
            quantity=np.zeros(capacity),
            price=np.zeros(capacity),
        )


class CashEvents(NamedTuple):
    """Changes of cash that no fill explains; ``kind``: see ``CashEvent``.

    ``amount`` is signed, account currency; ``quantity``: the shares that it is for, signed. Where
    cash itself was borrowed, ``symbol`` is -1 and ``quantity`` the cash.
    """

    size: Integers
    row: Integers
    symbol: Integers
    kind: Integers
    quantity: Floats
    amount: Floats

    @classmethod
    def room_for(cls, capacity: int) -> "CashEvents":
        """Buffers for at most ``capacity`` events."""
        return cls(
            size=np.zeros(1, np.int64),
            row=np.zeros(capacity, np.int64),
            symbol=np.zeros(capacity, np.int64),
            kind=np.zeros(capacity, np.int64),
            quantity=np.zeros(capacity),
            amount=np.zeros(capacity),
        )


class Buffers(NamedTuple):
    """All that a stretch of rows is written into."""

    fills: Fills
    orders: Orders
    exposures: Exposures
    cash_events: CashEvents

    @classmethod
    def room_for(cls, rows: int, symbols: int, changes: int, *, borrows: bool) -> "Buffers":
        """Room for what the kernel can write in this many rows.

        Per row and symbol at most: one fill; one order filled in part, its rest cancelled, the next
        cancelled and another submitted. One more per symbol may expire at the end.
        """
        places = rows * symbols
        return cls(
            Fills.room_for(places),
            Orders.room_for(4 * places + symbols),
            Exposures.room_for(places),
            CashEvents.room_for(changes + (places + rows if borrows else 0)),
        )

    def clear(self) -> None:
        """Begin anew with the same room: fresh memory costs more than what is written into it."""
        for buffer in self:
            buffer.size[0] = 0


@compiled_in_place
def note_order(
    orders: Orders, row: int, symbol: int, order: int, status: int, reason: int, quantity: float
) -> None:
    """Append an event of an order's life."""
    index = orders.size[0]
    orders.size[0] += 1
    orders.row[index] = row
    orders.symbol[index] = symbol
    orders.order[index] = order
    orders.status[index] = status
    orders.reason[index] = reason
    orders.quantity[index] = quantity


@compiled_in_place
def note_exposure(
    exposures: Exposures, row: int, symbol: int, quantity: float, price: float
) -> None:
    """Append a position and its mark."""
    index = exposures.size[0]
    exposures.size[0] += 1
    exposures.row[index] = row
    exposures.symbol[index] = symbol
    exposures.quantity[index] = quantity
    exposures.price[index] = price


@compiled_in_place
def note_cash(
    cash_events: CashEvents, row: int, symbol: int, kind: int, quantity: float, amount: float
) -> None:
    """Append a change of cash."""
    index = cash_events.size[0]
    cash_events.size[0] += 1
    cash_events.row[index] = row
    cash_events.symbol[index] = symbol
    cash_events.kind[index] = kind
    cash_events.quantity[index] = quantity
    cash_events.amount[index] = amount
