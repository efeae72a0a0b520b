"""What many runs over the same bars share, and what each of them is simulated in."""

from typing import NamedTuple

import numpy as np

from domain.engine.account import Account, Changes, Integers, Market
from domain.engine.buffers import Buffers
from domain.engine.lots import Books, Lots, Trips
from domain.engine.room import Room
from domain.engine.timeline import Timeline
from domain.market.bars import Floats


class Ground(NamedTuple):
    """What all the runs share: n rows, k symbols, d session days. ``market.target`` is not read.

    ``days`` int64[n]: of each row; ``closing`` int64[d]: the last row of each day. No row of
    ``market.snapshot`` is set, so that the kernel does not write exposures down.
    """

    market: Market
    timeline: Timeline
    changes: Changes
    days: Integers
    closing: Integers


class Workbench(NamedTuple):
    """What one run after the other is simulated in. What is not written to costs no memory."""

    account: Account
    cash: Floats
    equity: Floats
    buffers: Buffers
    lots: Lots
    books: Books
    trips: Trips
    room: Room

    @classmethod
    def of(cls, rows: int, symbols: int, changes: int, *, borrows: bool) -> "Workbench":
        """Room for runs of so many rows and symbols, and changes of what is held."""
        fills = rows * symbols
        return cls(
            Account.open(0.0, symbols, 0),
            np.zeros(rows),
            np.zeros(rows),
            Buffers.room_for(rows, symbols, changes, borrows=borrows),
            _lots(fills),
            Books(
                oldest=_integers(symbols),
                newest=_integers(symbols),
                held=np.zeros(symbols),
                dust=np.zeros(symbols),
                following=_integers(fills),
            ),
            Trips(_integers(1), *np.empty((5, 2 * fills), np.int64), *np.empty((7, 2 * fills))),
            Room.of(rows, 2 * fills),
        )

    def has_room_for(self, rows: int, changes: int) -> bool:
        """Whether runs of so many rows, with so many changes of what is held, fit in."""
        symbols = len(self.account.position)
        events = len(self.buffers.cash_events.row)
        return rows <= len(self.cash) and changes + rows * (symbols + 1) <= events


def _lots(fills: int) -> Lots:
    numbers, amounts = np.empty((4, fills), np.int64), np.empty((6, fills))
    return Lots(
        row=numbers[0],
        symbol=numbers[1],
        order=numbers[2],
        quantity=amounts[0],
        price=amounts[1],
        commission=amounts[2],
        inside=np.zeros(fills, np.bool_),  # all fills of the kernel are at an open
        unsold=amounts[3],
        high=amounts[4],
        low=amounts[5],
        seen=numbers[3],
    )


def _integers(count: int) -> Integers:
    return np.zeros(count, np.int64)
