"""Lots, first in, first out: the compiled matching of exits to entries, fill by fill."""

import math
from typing import NamedTuple

from domain.compiled import compiled_in_place
from domain.engine.account import Bools, Changes, Integers
from domain.engine.timeline import Timeline
from domain.market.bars import Floats

# Of the largest holding since the symbol was last flat; what is left below it is rounding.
DUST = 1e-12


class Trades(NamedTuple):
    """Fills, m of them in the order they happened; ``row`` never decreases.

    ``symbol`` is the column of the timeline; ``quantity`` is signed, buys above 0; ``price`` and
    ``commission`` (the whole fill's) are in account currency; ``inside`` says that the fill was
    made inside its bar and not at its open.
    """

    row: Integers
    symbol: Integers
    order: Integers
    quantity: Floats
    price: Floats
    commission: Floats
    inside: Bools


class Trips(NamedTuple):
    """Closed round trips in the order they were closed, ``size[0]`` of them.

    ``quantity`` is above 0 for a long one, below for a short one; it and ``entry_price`` are in the
    share units of the exit. ``profit`` is net of ``commission``. ``adverse`` and ``favourable``
    are the furthest the price went against and for the position, fractions of the entry price.
    """

    size: Integers
    entry_row: Integers
    exit_row: Integers
    symbol: Integers
    entry_order: Integers
    exit_order: Integers
    quantity: Floats
    entry_price: Floats
    exit_price: Floats
    commission: Floats
    profit: Floats
    adverse: Floats
    favourable: Floats


class Lots(NamedTuple):
    """Entries, oldest first; of ``quantity``, ``unsold`` is still held, in today's shares.

    ``high`` and ``low``: the extremes of the price since the entry, up to before row ``seen``.
    """

    row: Integers
    symbol: Integers
    order: Integers
    quantity: Floats
    price: Floats
    commission: Floats
    inside: Bools
    unsold: Floats
    high: Floats
    low: Floats
    seen: Integers


class Books(NamedTuple):
    """Of each symbol: its oldest and newest open lot (-1: none), what is held, what is rounding.

    ``following``: of each lot, the next one of its symbol.
    """

    oldest: Integers
    newest: Integers
    held: Floats
    dust: Floats
    following: Integers


@compiled_in_place
def match(
    timeline: Timeline, lots: Lots, carried: int, changes: Changes, books: Books, trips: Trips
) -> None:
    """Go through the lots from number ``carried`` on, each the fill of that number, and changes.

    The lots before are open ones. Writes what becomes of all of them into ``lots`` and ``books``,
    and appends to ``trips``, which must have room: one for each open lot and two for each fill.
    """
    for lot in range(carried):
        _enqueue(lots, books, lot)
    change = 0
    for fill in range(carried, len(lots.row)):
        while change < len(changes.row) and changes.row[change] <= lots.row[fill]:
            _split(timeline, lots, books, changes, change)
            change += 1
        _trade(timeline, lots, books, trips, fill)
    while change < len(changes.row):
        _split(timeline, lots, books, changes, change)
        change += 1


@compiled_in_place
def _trade(timeline: Timeline, lots: Lots, books: Books, trips: Trips, fill: int) -> None:
    owner, left = lots.symbol[fill], lots.quantity[fill]
    dust = books.dust[owner]
    while books.oldest[owner] >= 0 and abs(left) > dust:
        lot = books.oldest[owner]
        if left * lots.unsold[lot] > 0.0:
            break
        closed = math.copysign(min(abs(left), abs(lots.unsold[lot])), lots.unsold[lot])
        _close(timeline, lots, trips, lot, fill, closed)
        left += closed
        lots.unsold[lot] -= closed
        books.held[owner] -= closed
        if abs(lots.unsold[lot]) <= dust:
            lots.unsold[lot] = 0.0
            books.oldest[owner] = books.following[lot]
    if books.oldest[owner] < 0:
        books.held[owner], books.dust[owner] = 0.0, 0.0
    if abs(left) > dust:
        lots.unsold[fill] = left
        _enqueue(lots, books, fill)
        books.held[owner] += left
        books.dust[owner] = max(books.dust[owner], DUST * abs(books.held[owner]))


@compiled_in_place
def _enqueue(lots: Lots, books: Books, lot: int) -> None:
    owner = lots.symbol[lot]
    if books.oldest[owner] < 0:
        books.oldest[owner] = lot
    else:
        books.following[books.newest[owner]] = lot
    books.newest[owner] = lot


@compiled_in_place
def _close(
    timeline: Timeline, lots: Lots, trips: Trips, lot: int, fill: int, closed: float
) -> None:
    entry, exit_price = lots.price[lot], lots.price[fill]
    costs = lots.commission[lot] * (closed / lots.quantity[lot])
    costs += lots.commission[fill] * abs(closed / lots.quantity[fill])
    _watch(timeline, lots, lot, lots.row[fill])
    high, low = max(lots.high[lot], exit_price), min(lots.low[lot], exit_price)
    if lots.inside[fill] and lots.row[fill] != lots.row[lot]:
        opened = timeline.open[lots.row[fill], lots.symbol[fill]]
        high, low = max(high, opened), min(low, opened)
    rise, fall = (high - entry) / entry, (entry - low) / entry
    trip = trips.size[0]
    trips.size[0] += 1
    trips.entry_row[trip], trips.exit_row[trip] = lots.row[lot], lots.row[fill]
    trips.symbol[trip] = lots.symbol[lot]
    trips.entry_order[trip], trips.exit_order[trip] = lots.order[lot], lots.order[fill]
    trips.quantity[trip] = closed
    trips.entry_price[trip], trips.exit_price[trip] = entry, exit_price
    trips.commission[trip] = costs
    trips.profit[trip] = closed * (exit_price - entry) - costs
    trips.adverse[trip] = fall if closed > 0.0 else rise
    trips.favourable[trip] = rise if closed > 0.0 else fall


@compiled_in_place
def _watch(timeline: Timeline, lots: Lots, lot: int, stop: int) -> None:
    # Look at the lot's bars that nobody has looked at yet, up to before row ``stop``.
    symbol, high, low = lots.symbol[lot], lots.high[lot], lots.low[lot]
    start = lots.seen[lot]
    if start == lots.row[lot] and start < stop and lots.inside[lot]:
        close = timeline.close[start, symbol]
        high, low = max(high, close), min(low, close)
        start += 1
    for row in range(start, stop):
        # A comparison with NaN is false: a row without a bar changes nothing.
        if timeline.high[row, symbol] > high:
            high = timeline.high[row, symbol]
        if timeline.low[row, symbol] < low:
            low = timeline.low[row, symbol]
    lots.high[lot], lots.low[lot] = high, low
    lots.seen[lot] = max(lots.seen[lot], stop)


@compiled_in_place
def _split(timeline: Timeline, lots: Lots, books: Books, changes: Changes, number: int) -> None:
    owner, ratio = changes.symbol[number], changes.split[number]
    lot = books.oldest[owner]
    while lot >= 0:
        _watch(timeline, lots, lot, changes.row[number])
        lots.quantity[lot] *= ratio
        lots.unsold[lot] *= ratio
        lots.price[lot] /= ratio
        lots.high[lot] /= ratio
        lots.low[lot] /= ratio
        lot = books.following[lot]
    books.held[owner] *= ratio
    books.dust[owner] *= ratio
