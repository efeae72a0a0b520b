"""Round trips: which exit closed which entry, first in, first out, and what happened meanwhile."""

import numpy as np
import polars as pl

from domain.engine.account import Changes
from domain.engine.buffers import Fills
from domain.engine.columns import numbers, places, table
from domain.engine.lots import Books, Lots, Trades, Trips, match
from domain.engine.tape import EMPTY
from domain.engine.terms import Rule
from domain.engine.timeline import Timeline
from domain.market.bars import TIMESTAMP_TYPE, Times

_INSIDE = np.array([rule in (Rule.LIMIT, Rule.STOP) for rule in Rule])
_SIDE = pl.Series(["short", "long"])


class RoundTrips:
    """Matches exits to entries, a stretch of rows at a time; what is open is carried over.

    Lots are matched first in, first out, per symbol: a fill against the position closes the oldest
    lot first, and each pair of a lot (or the part of it that is closed) and an exit is one round
    trip: quantity * (exit price - entry price), less the entry's and the exit's commission in
    proportion to the quantity matched. What an exit has left when no lot is open opens a lot the
    other way. A remainder below 1e-12 of the largest holding since the symbol was last flat is
    rounding: neither a lot nor a round trip.

    The extremes are of what was certainly traded while the lot was open: of the bars between, all;
    of the entry's bar all when the fill was at its open, else its close; of the exit's bar nothing
    when the fill was at its open, else its open; and both fills' prices.
    """

    def __init__(self, timeline: Timeline) -> None:
        symbols = timeline.close.shape[1]
        self._timeline = timeline
        self._open = _lots(Trades(*Fills.room_for(0)[1:7], np.zeros(0, np.bool_)))
        self._held, self._dust = np.zeros(symbols), np.zeros(symbols)

    def extend(self, fills: Fills, changes: Changes) -> Trips:
        """Take a stretch's fills and changes in; give the round trips that were closed."""
        trades = Trades(
            fills.row, fills.symbol, fills.order, fills.quantity, fills.price, fills.commission,
            inside=_INSIDE[fills.rule],
        )  # fmt: skip
        columns = zip(self._open, _lots(trades), strict=True)
        lots = Lots._make(np.concatenate(column) for column in columns)
        nobody, carried = np.full(len(self._held), -1), len(self._open.row)
        following = np.full(len(lots.row), -1)
        books = Books(nobody, nobody.copy(), self._held, self._dust, following)
        trips = _room_for(carried + 2 * len(trades.row))
        match(self._timeline, lots, carried, changes, books, trips)
        still_open = lots.unsold != 0.0
        self._open = Lots._make(column[still_open] for column in lots)
        count = int(trips.size[0])
        return Trips._make([trips.size, *(column[:count] for column in trips[1:])])


def round_trips_table(trips: Trips, timestamp: Times, symbols: pl.Series) -> pl.DataFrame:
    """One row per round trip.

    ``return``: the profit in percent of what was entered at the entry's price; ``mae`` and ``mfe``,
    maximum adverse and favourable excursion: percent of the entry's price (Sweeney 1996).
    """
    if len(trips.quantity) == 0:
        return EMPTY["round_trips"]
    size = np.abs(trips.quantity)
    entered, left = timestamp[trips.entry_row], timestamp[trips.exit_row]
    symbol, side = places([trips.symbol, trips.quantity > 0.0])
    entry, exit_, bars, entry_order, exit_order = numbers(
        [entered, left, trips.exit_row - trips.entry_row, trips.entry_order, trips.exit_order]
    )
    amounts = numbers(
        [
            size,
            trips.entry_price,
            trips.exit_price,
            trips.commission,
            trips.profit,
            100.0 * trips.profit / (size * trips.entry_price),
            100.0 * trips.adverse,
            100.0 * trips.favourable,
            (left - entered) / 1e6,
        ]
    )
    quantity, entry_price, exit_price, commission, profit, return_, mae, mfe, seconds = amounts
    return table(
        {
            "symbol": symbols[symbol],
            "side": _SIDE[side],
            "quantity": quantity,
            "entry_timestamp": entry.cast(TIMESTAMP_TYPE),
            "exit_timestamp": exit_.cast(TIMESTAMP_TYPE),
            "entry_price": entry_price,
            "exit_price": exit_price,
            "commission": commission,
            "profit": profit,
            "return": return_,
            "mae": mae,
            "mfe": mfe,
            "bars": bars,
            "holding_seconds": seconds,
            "entry_order_id": entry_order,
            "exit_order_id": exit_order,
        }
    )


def _lots(trades: Trades) -> Lots:
    # A lot of nothing for every fill; matching finds out what each of them opens.
    return Lots(
        *trades,
        unsold=np.zeros(len(trades.row)),
        high=trades.price.copy(),
        low=trades.price.copy(),
        seen=trades.row.copy(),
    )


def _room_for(capacity: int) -> Trips:
    numbers = np.zeros((5, capacity), np.int64)
    return Trips(np.zeros(1, np.int64), *numbers, *np.zeros((7, capacity)))
