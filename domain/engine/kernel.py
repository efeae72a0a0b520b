"""The compiled simulation of target weights: settle, fill, mark, decide, record, row by row."""

from domain.compiled import compiled_in_place
from domain.engine.account import Account, Changes, Market
from domain.engine.buffers import Buffers, Exposures, Orders, note_exposure, note_order
from domain.engine.filling import fill_waiting, forget
from domain.engine.matching import DUST, Costs, whole_lots
from domain.engine.settlement import apply_changes, pay_for_borrowing
from domain.engine.terms import Reason, Status
from domain.market.bars import Floats

SUBMITTED, CANCELLED = int(Status.SUBMITTED), int(Status.CANCELLED)
EXPIRED = int(Status.EXPIRED)
NONE, SUPERSEDED = int(Reason.NONE), int(Reason.SUPERSEDED)
END_OF_DATA = int(Reason.END_OF_DATA)


@compiled_in_place
def run(
    market: Market,
    costs: Costs,
    account: Account,
    changes: Changes,
    cash: Floats,
    positions: Floats,
    buffers: Buffers,
    start: int,
    stop: int,
) -> None:
    """Simulate rows ``start`` to ``stop`` (exclusive), carrying ``account`` on.

    Writes cash and the positions' value at each row's close into ``cash`` and ``positions``
    (float64[n]) and appends to the buffers, which must have room: per row and symbol one fill,
    four order events, one exposure, and one cash event (one more per row, and one per change).
    """
    coasts = market.open.shape[1] == 1 and costs.borrow == 0.0
    row = start
    while row < stop:
        if coasts and account.waiting[0] == 0:
            row = _coast(market, account, changes, cash, positions, buffers.exposures, row, stop)
            if row == stop:
                return
        if costs.borrow > 0.0:
            pay_for_borrowing(account, costs, buffers.cash_events, row, market.timestamp[row])
        if account.next_change[0] < len(changes.row):
            apply_changes(account, changes, buffers.cash_events, row)
        if account.waiting[0] > 0:
            fill_waiting(market, costs, account, buffers.fills, buffers.orders, row)
        held = mark(market, account, buffers.exposures, row)
        equity = account.cash[0] + held
        for symbol in range(market.open.shape[1]):
            if market.close[row, symbol] == market.close[row, symbol]:
                _decide(market, costs, account, buffers.orders, row, symbol, equity)
        cash[row] = account.cash[0]
        positions[row] = held
        row += 1


@compiled_in_place
def expire(account: Account, orders: Orders, row: int) -> None:
    """Record the orders that still wait after the last row as expired."""
    for symbol in range(account.position.shape[0]):
        if account.remaining[symbol] != 0.0:
            quantity = account.remaining[symbol]
            note_order(orders, row, symbol, account.order[symbol], EXPIRED, END_OF_DATA, quantity)
            forget(account, symbol)


@compiled_in_place
def _coast(
    market: Market,
    account: Account,
    changes: Changes,
    cash: Floats,
    positions: Floats,
    exposures: Exposures,
    row: int,
    stop: int,
) -> int:
    # Most rows of one symbol only mark what is held: the same as ``run`` does, without its detours.
    # Gives the first row at which something else may happen.
    ordered = account.ordered_target[0]
    if account.target[0] != ordered:
        return row
    if account.next_change[0] < len(changes.row):
        stop = min(stop, changes.row[account.next_change[0]])
    first, held, free = row, account.position[0], account.cash[0]
    period = account.period[0]
    while row < stop:
        wish = market.target[row, 0]
        if (wish == wish and wish != ordered) or (ordered != 0.0 and market.period[row] != period):
            break
        cash[row] = free
        positions[row] = held * market.close[row, 0]
        if held != 0.0 and market.snapshot[row]:
            note_exposure(exposures, row, 0, held, market.close[row, 0])
        row += 1
    if row > first:
        account.mark[0] = market.close[row - 1, 0]
        account.rows_in_market[0] += (row - first) if held != 0.0 else 0
    return row


@compiled_in_place
def mark(market: Market, account: Account, exposures: Exposures, row: int) -> float:
    """Mark what is held to a row's closes and give its value; at a snapshot, note it.

    Counts the row if there is a position. The buffer needs room for one entry per symbol.
    """
    value = 0.0
    in_market = False
    for symbol in range(market.open.shape[1]):
        price = market.close[row, symbol]
        if price == price:
            account.mark[symbol] = price
        quantity = account.position[symbol]
        if quantity != 0.0:
            in_market = True
            value += quantity * account.mark[symbol]
            if market.snapshot[row]:
                note_exposure(exposures, row, symbol, quantity, account.mark[symbol])
    if in_market:
        account.rows_in_market[0] += 1
    return value


@compiled_in_place
def _decide(
    market: Market,
    costs: Costs,
    account: Account,
    orders: Orders,
    row: int,
    symbol: int,
    equity: float,
) -> None:
    if market.target[row, symbol] == market.target[row, symbol]:
        account.target[symbol] = market.target[row, symbol]
    target = account.target[symbol]
    changed = target != account.ordered_target[symbol]
    misaligned = target != 0.0 and market.period[row] != account.period[symbol]
    if not (changed or misaligned) or _on_its_way(market, account, row, symbol):
        return
    account.ordered_target[symbol] = target
    account.period[symbol] = market.period[row]
    # Of an account that is worth nothing or less, every share is nothing.
    aim = target * max(equity, 0.0) / market.close[row, symbol]
    quantity = _wanted(aim, account.position[symbol], costs)
    if account.remaining[symbol] != 0.0:
        dropped = account.remaining[symbol]
        note_order(orders, row, symbol, account.order[symbol], CANCELLED, SUPERSEDED, dropped)
        forget(account, symbol)
    if quantity != 0.0:
        number = account.next_order[0]
        account.next_order[0] += 1
        account.waiting[0] += 1
        account.order[symbol] = number
        account.quantity[symbol] = quantity
        account.remaining[symbol] = quantity
        account.active_at[symbol] = market.timestamp[row] + costs.delay
        note_order(orders, row, symbol, number, SUBMITTED, NONE, quantity)


@compiled_in_place
def _on_its_way(market: Market, account: Account, row: int, symbol: int) -> bool:
    # Such an order cannot be called back: what is wanted meanwhile is acted on once it is there.
    waiting = account.remaining[symbol] != 0.0
    return bool(waiting and market.timestamp[row] < account.active_at[symbol])


@compiled_in_place
def _wanted(aim: float, position: float, costs: Costs) -> float:
    # What to trade to hold ``aim``; rounding is no reason to.
    if aim == 0.0 or (aim < 0.0 and not costs.allow_short):
        return -position
    quantity = aim - position
    if abs(quantity) <= DUST * abs(aim):
        return 0.0
    quantity = whole_lots(quantity, costs.lot_size)
    return quantity if costs.allow_short else max(quantity, -position)
