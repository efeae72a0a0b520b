"""The arrays that the kernel reads and writes. Named tuples, since compiled code takes no self."""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from domain.market.bars import Floats, Times

Bools: TypeAlias = npt.NDArray[np.bool_]
Integers: TypeAlias = npt.NDArray[np.int64]


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


class Changes(NamedTuple):
    """What happens to holdings by itself, c changes in the order of their rows.

    Before the fills of ``row`` (int64[c]) each share of ``symbol`` (int64[c], numbered from 0) gets
    ``dividend`` (float64[c]) in cash, and becomes ``split`` (float64[c]) shares.
    """

    row: Integers
    symbol: Integers
    split: Floats
    dividend: Floats


class Account(NamedTuple):
    """What the kernel keeps from row to row: one-element arrays and arrays of one per symbol.

    ``target`` is the strategy's latest, ``ordered_target`` and ``period`` those last acted upon.
    ``next_change``: the number of the first of ``Changes`` that is still to come; ``settled_at``:
    the time up to which borrowing is paid for.
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
    next_change: Integers
    settled_at: Integers

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
            next_change=one.copy(),
            settled_at=one.copy(),
        )
