"""What each symbol has earned so far: the account's profit, split up without a remainder."""

import numpy as np
import polars as pl

from domain.engine.account import Changes, Integers
from domain.engine.columns import moments, places, table
from domain.engine.course import Stretch
from domain.engine.timeline import Timeline
from domain.market.bars import Floats


class Contributions:
    """Adds up fills and cash events, a stretch of rows at a time.

    A symbol's profit is all cash that its fills, dividends and borrowing have brought or cost,
    commission included, and the value of what is held of it at its latest close. Together with
    what borrowed cash has cost they are the equity less the initial capital, up to rounding.
    """

    def __init__(self, timeline: Timeline, symbols: pl.Series) -> None:
        self._timeline = timeline
        # The place after the symbols is for what belongs to none of them: the cost of cash.
        self._symbols = pl.concat([symbols, pl.Series([None], dtype=pl.String)])
        self._places = {symbol: place for place, symbol in enumerate(self._symbols)}
        self._cash = np.zeros(len(self._symbols))
        self._concerned = np.zeros(len(self._symbols), np.bool_)
        # What one share of the beginning has become. Holdings and closes are counted in those.
        self._shares = np.ones(len(symbols))
        self._held = np.zeros(len(symbols))
        self._close = np.zeros(len(symbols))

    def extend(self, stretch: Stretch, changes: Changes, start: int, stop: int) -> pl.DataFrame:
        """Take the rows ``start`` to ``stop`` (exclusive) in; give what is earned by their end.

        ``changes`` are those of these rows.
        """
        fills, symbols = stretch.fills, len(self._shares)
        np.add.at(self._cash, fills.symbol, -fills.quantity * fills.price - fills.commission)
        shares = self._shares_at(fills.symbol, fills.row, changes)
        np.add.at(self._held, fills.symbol, fills.quantity / shares)
        self._concerned[fills.symbol] = True
        self._take_in(stretch.tables["cash_events"])

        every = np.arange(symbols)
        latest = _latest(self._timeline.close[start:stop])
        known = every[latest >= 0]
        rows = start + latest[known]
        close = self._timeline.close[rows, known]
        self._close[known] = close * self._shares_at(known, rows, changes)
        self._shares = self._shares_at(every, np.full(symbols, stop), changes)

        shown = np.flatnonzero(self._concerned)
        profit = self._cash + np.append(self._held * self._close, 0.0)
        moment = moments(self._timeline.timestamp[stop - 1 : stop])
        (symbol,) = places([shown])
        return table(
            {
                "timestamp": moment.new_from_index(0, len(shown)),
                "symbol": self._symbols[symbol],
                "profit": pl.Series(profit[shown]),
            }
        )

    def _take_in(self, cash_events: pl.DataFrame) -> None:
        if cash_events.is_empty():
            return
        concerned = np.array([self._places[symbol] for symbol in cash_events["symbol"]], np.int64)
        np.add.at(self._cash, concerned, cash_events["amount"].to_numpy())
        self._concerned[concerned] = True

    def _shares_at(self, symbol: Integers, row: Integers, changes: Changes) -> Floats:
        shares = self._shares[symbol]
        for due, changed, split in zip(changes.row, changes.symbol, changes.split, strict=True):
            shares[(symbol == changed) & (row >= due)] *= split
        return shares


def _latest(close: Floats) -> Integers:
    # Of each symbol, the last row with a bar; -1 where there is none.
    known = ~np.isnan(close)
    last = len(close) - 1 - np.argmax(known[::-1], axis=0)
    return np.where(known.any(axis=0), last, -1)
