"""Round trips: which exit closed which entry, first in, first out."""

import math

import numpy as np

from domain.compiled import compiled
from domain.engine.account import Integers
from domain.market.bars import Floats

# Of the largest holding since the symbol was last flat; what is left below it is rounding.
DUST = 1e-12


def round_trip_profits(
    symbol: Integers, quantity: Floats, price: Floats, commission: Floats
) -> Floats:
    """Profit of every closed round trip, net of commission, in the order they were closed.

    Arguments, one row per fill in the order of the fills: ``symbol`` int64[m], numbered from 0;
    ``quantity`` float64[m], signed (buys above 0); ``price`` float64[m]; ``commission``
    float64[m], the whole fill's, in account currency. Returns float64[c], account currency.

    Lots are matched first in, first out, per symbol: a fill against the position closes the oldest
    lot first, and each pair of a lot (or the part of it that is closed) and an exit is one round
    trip: matched * (exit price - entry price) for a long lot, the negative for a short one, less
    the entry's and the exit's commission in proportion to the quantity matched. What an exit has
    left when no lot is open opens a lot the other way. A remainder below 1e-12 of the largest
    holding since the symbol was last flat is rounding: neither a lot nor a round trip.
    Time and memory O(m).
    """
    symbols = int(symbol.max()) + 1 if len(symbol) else 0
    return _matched(symbols, symbol, quantity, price, commission)


@compiled
def _matched(
    symbols: int, symbol: Integers, quantity: Floats, price: Floats, commission: Floats
) -> Floats:
    fills = len(symbol)
    profits, trips = np.empty(2 * fills), 0
    # A lot bears the number of the fill that opened it; each symbol's lots queue, oldest first.
    following = np.full(fills, -1)
    oldest, newest = np.full(symbols, -1), np.full(symbols, -1)
    unsold = np.zeros(fills)
    held, dust = np.zeros(symbols), np.zeros(symbols)
    for fill in range(fills):
        owner, left = symbol[fill], quantity[fill]
        while oldest[owner] >= 0 and left * unsold[oldest[owner]] < 0.0 and abs(left) > dust[owner]:
            lot = oldest[owner]
            closed = math.copysign(min(abs(left), abs(unsold[lot])), unsold[lot])
            costs = commission[lot] * (closed / quantity[lot])
            costs += commission[fill] * abs(closed / quantity[fill])
            profits[trips] = closed * (price[fill] - price[lot]) - costs
            trips += 1
            left += closed
            unsold[lot] -= closed
            held[owner] -= closed
            if abs(unsold[lot]) <= dust[owner]:
                oldest[owner] = following[lot]
        opens = abs(left) > dust[owner]
        if oldest[owner] < 0:
            held[owner], dust[owner] = 0.0, 0.0
        if opens:
            if oldest[owner] < 0:
                oldest[owner] = fill
            else:
                following[newest[owner]] = fill
            newest[owner] = fill
            unsold[fill] = left
            held[owner] += left
            dust[owner] = max(dust[owner], DUST * abs(held[owner]))
    return profits[:trips].copy()
