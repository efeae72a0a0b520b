"""The arrays that the kernel reads and writes. Named tuples, since compiled code takes no self."""

from enum import IntEnum
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from domain.market.bars import Floats, Times

Bools: TypeAlias = npt.NDArray[np.bool_]
Integers: TypeAlias = npt.NDArray[np.int64]


class Status(IntEnum):
    """What happened to an order."""

    SUBMITTED = 0
    PARTIALLY_FILLED = 1
    FILLED = 2
    CANCELLED = 3
    REJECTED = 4
    EXPIRED = 5


class Reason(IntEnum):
    """Why it happened, where that needs saying."""

    NONE = 0
    SUPERSEDED = 1
    INSUFFICIENT_CASH = 2
    END_OF_DATA = 3


class Market(NamedTuple):
    """What the kernel reads. Row = moment of the timeline, column = symbol; NaN where no bar.

    ``timestamp`` int64[n] (µs); ``open``, ``close``, ``volume``, ``target`` float64[n, k];
    ``period`` int64[n]: rows with one number belong to one rebalancing period;
    ``snapshot`` bool[n]: rows at which exposures are recorded.
    """

    timestamp: Times
    open: Floats
    close: Floats
    volume: Floats
    target: Floats
    period: Integers
    snapshot: Bools


class Account(NamedTuple):
    """What the kernel keeps from row to row: one-element arrays and arrays of one per symbol.

    ``target`` is the strategy's latest, ``ordered_target`` and ``period`` those last acted upon.
    """

    cash: Floats
    next_order: Integers
    waiting: Integers
    rows_in_market: Integers
    position: Floats
    mark: Floats
    target: Floats
    ordered_target: Floats
    period: Integers
    order: Integers
    quantity: Floats
    remaining: Floats
    active_at: Integers

    @classmethod
    def open(cls, initial_capital: float, symbols: int, first_period: int) -> "Account":
        """A flat account; orders are numbered from 1."""
        one, each = np.zeros(1, np.int64), np.zeros(symbols, np.int64)
        return cls(
            cash=np.array([initial_capital], np.float64),
            next_order=one + 1,
            waiting=one.copy(),
            rows_in_market=one.copy(),
            position=np.zeros(symbols),
            mark=np.zeros(symbols),
            target=np.zeros(symbols),
            ordered_target=np.zeros(symbols),
            period=each + first_period,
            order=each.copy(),
            quantity=np.zeros(symbols),
            remaining=np.zeros(symbols),
            active_at=each.copy(),
        )


class Fills(NamedTuple):
    """Fills of one stretch, ``size[0]`` of them; quantity is signed, costs are in currency."""

    size: Integers
    row: Integers
    symbol: Integers
    order: Integers
    quantity: Floats
    price: Floats
    commission: Floats
    slippage: Floats

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
        )


class Orders(NamedTuple):
    """Order events of one stretch; ``quantity`` is signed: what was asked, filled or dropped."""

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
    """Positions held at the snapshot rows of one stretch."""

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
