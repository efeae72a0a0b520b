"""Many runs over the same bars in one compiled call: the kernel's own rules, and no tape."""

from typing import NamedTuple

import numpy as np

from domain.compiled import compiled_in_place
from domain.engine import kernel
from domain.engine.account import Bools, Market, reopen
from domain.engine.buffers import Fills
from domain.engine.figures import (
    GROWTH_AND_RISK,
    FillArrays,
    Terms,
    write_growth_and_risk,
    write_trading,
)
from domain.engine.lots import Lots, match
from domain.engine.matching import Costs
from domain.engine.room import Room
from domain.engine.sanity import is_sane
from domain.market.bars import Floats
from domain.optimizations.workbench import Ground, Workbench

RISKS = len(GROWTH_AND_RISK)


class Found(NamedTuple):
    """What comes of b runs over d days.

    ``figures`` float64[b, 26]: every metric that needs no benchmark, in the order of
    ``figures.NAMES``; ``marks`` float64[b, d + 1]: the initial capital and each day's last equity;
    ``returns`` float64[b, d]: of each day, NaN where there is none (``daily_returns``); ``sane``
    bool[b]: whether the account never came to more than can be (``require_sane``).
    """

    figures: Floats
    marks: Floats
    returns: Floats
    sane: Bools


@compiled_in_place
def trade_all(
    terms: Terms,
    costs: Costs,
    ground: Ground,
    targets: Floats,
    bench: Workbench,
    found: Found,
) -> None:
    """Simulate b runs, each with target weights of its own, float64[b, n, k].

    Writes what comes of each into ``found``.
    """
    rows, symbols = targets.shape[1], targets.shape[2]
    for run in range(len(targets)):
        _trade(terms, costs, ground, targets[run], bench)
        fills, account = bench.buffers.fills, bench.account
        equity = bench.equity[:rows]
        found.sane[run] = is_sane(equity)
        write_growth_and_risk(
            terms, equity, ground.days, ground.closing, bench.room, found.figures[run, :RISKS]
        )
        _copy_days(bench.room, found.marks[run], found.returns[run])
        count = fills.size[0]
        _match(ground, fills, count, bench, rows, symbols)
        used = FillArrays(
            fills.quantity[:count],
            fills.price[:count],
            fills.commission[:count],
            fills.slippage[:count],
        )
        profits = bench.trips.profit[: bench.trips.size[0]]
        exposure = 100.0 * account.rows_in_market[0] / rows
        write_trading(
            used, profits, found.marks[run, 1:], exposure, bench.room, found.figures[run, RISKS:]
        )


@compiled_in_place
def _trade(terms: Terms, costs: Costs, ground: Ground, target: Floats, bench: Workbench) -> None:
    shown = ground.market
    market = Market(
        shown.timestamp, shown.open, shown.close, shown.volume, target, shown.period, shown.snapshot
    )
    rows, buffers = len(target), bench.buffers
    reopen(bench.account, terms.initial_capital, shown.period[0])
    buffers.fills.size[0], buffers.orders.size[0] = 0, 0
    buffers.exposures.size[0], buffers.cash_events.size[0] = 0, 0
    cash, equity = bench.cash, bench.equity
    kernel.run(market, costs, bench.account, ground.changes, cash, equity, buffers, 0, rows)
    for row in range(rows):
        equity[row] += cash[row]


@compiled_in_place
def _match(
    ground: Ground, fills: Fills, count: int, bench: Workbench, rows: int, symbols: int
) -> None:
    # Each fill is a lot that nobody need watch, since its excursions are in no metric.
    lots, books = bench.lots, bench.books
    for fill in range(count):
        lots.row[fill], lots.symbol[fill] = fills.row[fill], fills.symbol[fill]
        lots.order[fill], lots.commission[fill] = fills.order[fill], fills.commission[fill]
        lots.quantity[fill], lots.price[fill] = fills.quantity[fill], fills.price[fill]
        lots.high[fill], lots.low[fill] = fills.price[fill], fills.price[fill]
        lots.unsold[fill], lots.seen[fill] = 0.0, rows
        books.following[fill] = -1
    for symbol in range(symbols):
        books.oldest[symbol], books.newest[symbol] = -1, -1
        books.held[symbol], books.dust[symbol] = 0.0, 0.0
    bench.trips.size[0] = 0
    used = Lots(
        lots.row[:count], lots.symbol[:count], lots.order[:count], lots.quantity[:count],
        lots.price[:count], lots.commission[:count], lots.inside[:count], lots.unsold[:count],
        lots.high[:count], lots.low[:count], lots.seen[:count],
    )  # fmt: skip
    match(ground.timeline, used, 0, ground.changes, books, bench.trips)


@compiled_in_place
def _copy_days(room: Room, marks: Floats, returns: Floats) -> None:
    ruined = False
    for day in range(len(returns)):
        marks[day], returns[day] = room.marks[day], room.returns[day]
        ruined |= not room.marks[day] > 0.0
    marks[len(returns)] = room.marks[len(returns)]
    if ruined:
        for day in range(len(returns)):
            change = (marks[day + 1] - marks[day]) / marks[day]
            returns[day] = change if marks[day] > 0.0 else np.nan


@compiled_in_place
def sum_blocks(returns: Floats, sums: Floats) -> None:
    """Sum up the powers of daily returns in blocks of days, as ``statistics.blocks.block_sums``.

    ``returns``: float64[d], NaN where there is none. Writes into ``sums``, float64[16, 5].
    """
    days, blocks = len(returns), len(sums)
    stop = 0
    for block in range(blocks):
        start, stop = stop, ((block + 1) * days + blocks - 1) // blocks
        _sum_block(returns[start:stop], sums[block])


@compiled_in_place
def _sum_block(returns: Floats, sums: Floats) -> None:
    count, once, squared, cubed, fourth = 0, 0.0, 0.0, 0.0, 0.0
    for change in returns:
        if change == change:
            square = change * change
            count += 1
            once += change
            squared += square
            cubed += square * change
            fourth += square * change * change
    sums[0], sums[1], sums[2], sums[3], sums[4] = count, once, squared, cubed, fourth
