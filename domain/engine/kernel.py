"""The compiled simulation of target weights: fill, mark, decide, record, row by row."""

import numpy as np

from domain.compiled import compiled_in_place
from domain.engine.account import Account, Exposures, Fills, Market, Orders, Reason, Status
from domain.engine.matching import (
    DUST,
    Costs,
    commission,
    cut,
    payable,
    slipped,
    whole_lots,
)
from domain.market.bars import Floats

SUBMITTED = int(Status.SUBMITTED)
PARTIALLY_FILLED = int(Status.PARTIALLY_FILLED)
FILLED = int(Status.FILLED)
CANCELLED = int(Status.CANCELLED)
REJECTED = int(Status.REJECTED)
EXPIRED = int(Status.EXPIRED)
NONE = int(Reason.NONE)
SUPERSEDED = int(Reason.SUPERSEDED)
INSUFFICIENT_CASH = int(Reason.INSUFFICIENT_CASH)
END_OF_DATA = int(Reason.END_OF_DATA)


@compiled_in_place
def run(
    market: Market,
    costs: Costs,
    account: Account,
    cash: Floats,
    positions: Floats,
    fills: Fills,
    orders: Orders,
    exposures: Exposures,
    start: int,
    stop: int,
) -> None:
    """Simulate rows ``start`` to ``stop`` (exclusive), carrying ``account`` on.

    Writes cash and the positions' value at each row's close into ``cash`` and ``positions``
    (float64[n]) and appends to the three buffers, which must have room: per row and symbol one
    fill, four order events and one exposure.
    """
    for row in range(start, stop):
        if account.waiting[0] > 0:
            # Sells first, so that what they free can pay for the buys of the same moment.
            _fill_waiting(market, costs, account, fills, orders, row, -1.0)
            _fill_waiting(market, costs, account, fills, orders, row, 1.0)
        held = _mark(market, account, exposures, row)
        equity = account.cash[0] + held
        for symbol in range(market.open.shape[1]):
            if market.close[row, symbol] == market.close[row, symbol]:
                _decide(market, costs, account, orders, row, symbol, equity)
        cash[row] = account.cash[0]
        positions[row] = held


@compiled_in_place
def expire(account: Account, orders: Orders, row: int) -> None:
    """Record the orders that still wait after the last row as expired."""
    for symbol in range(account.position.shape[0]):
        if account.remaining[symbol] != 0.0:
            quantity = account.remaining[symbol]
            _note(orders, row, symbol, account.order[symbol], EXPIRED, END_OF_DATA, quantity)
            _forget(account, symbol)


@compiled_in_place
def _fill_waiting(
    market: Market,
    costs: Costs,
    account: Account,
    fills: Fills,
    orders: Orders,
    row: int,
    side: float,
) -> None:
    for symbol in range(market.open.shape[1]):
        if account.remaining[symbol] * side > 0.0:
            _try_fill(market, costs, account, fills, orders, row, symbol)


@compiled_in_place
def _mark(market: Market, account: Account, exposures: Exposures, row: int) -> float:
    held = 0.0
    in_market = False
    for symbol in range(market.open.shape[1]):
        price = market.close[row, symbol]
        if price == price:
            account.mark[symbol] = price
        if account.position[symbol] != 0.0:
            in_market = True
            held += account.position[symbol] * account.mark[symbol]
            if market.snapshot[row]:
                _expose(account, exposures, row, symbol)
    if in_market:
        account.rows_in_market[0] += 1
    return held


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
    quantity = _wanted(target * equity / market.close[row, symbol], account.position[symbol], costs)
    if account.remaining[symbol] != 0.0:
        dropped = account.remaining[symbol]
        _note(orders, row, symbol, account.order[symbol], CANCELLED, SUPERSEDED, dropped)
        _forget(account, symbol)
    if quantity != 0.0:
        number = account.next_order[0]
        account.next_order[0] += 1
        account.waiting[0] += 1
        account.order[symbol] = number
        account.quantity[symbol] = quantity
        account.remaining[symbol] = quantity
        account.active_at[symbol] = market.timestamp[row] + costs.delay
        _note(orders, row, symbol, number, SUBMITTED, NONE, quantity)


@compiled_in_place
def _on_its_way(market: Market, account: Account, row: int, symbol: int) -> bool:
    # Such an order cannot be called back: what is wanted meanwhile is acted on once it is there.
    waiting = account.remaining[symbol] != 0.0
    return bool(waiting and market.timestamp[row] < account.active_at[symbol])


@compiled_in_place
def _wanted(aim: float, position: float, costs: Costs) -> float:
    # What to trade to hold ``aim``: no more is sold than is held, and rounding is no reason to.
    if aim <= 0.0:
        return -position
    quantity = aim - position
    if abs(quantity) <= DUST * aim:
        return 0.0
    return max(whole_lots(quantity, costs.lot_size), -position)


@compiled_in_place
def _try_fill(
    market: Market,
    costs: Costs,
    account: Account,
    fills: Fills,
    orders: Orders,
    row: int,
    symbol: int,
) -> None:
    reference = market.open[row, symbol]
    if reference != reference or market.timestamp[row] < account.active_at[symbol]:
        return
    asked = account.remaining[symbol]
    offered = _offered(market, costs, row, symbol, asked)
    if offered == 0.0:
        return
    price = slipped(reference, offered, costs.slippage)
    cash = account.cash[0]
    quantity = payable(offered, cash, price, costs)
    order = account.order[symbol]
    if quantity == 0.0:
        untouched = asked == account.quantity[symbol]
        status = REJECTED if untouched else CANCELLED
        _note(orders, row, symbol, order, status, INSUFFICIENT_CASH, asked)
        _forget(account, symbol)
        return

    charge = commission(quantity, price, costs)
    account.cash[0] = cash - quantity * price - charge
    account.position[symbol] += quantity
    rest = asked - quantity
    account.remaining[symbol] = rest
    index = fills.size[0]
    fills.size[0] += 1
    fills.row[index] = row
    fills.symbol[index] = symbol
    fills.order[index] = order
    fills.quantity[index] = quantity
    fills.price[index] = price
    fills.commission[index] = charge
    fills.slippage[index] = abs(quantity * (price - reference))

    if abs(rest) <= DUST * abs(asked):
        _note(orders, row, symbol, order, FILLED, NONE, quantity)
        _forget(account, symbol)
        return
    _note(orders, row, symbol, order, PARTIALLY_FILLED, NONE, quantity)
    if quantity != offered:
        _note(orders, row, symbol, order, CANCELLED, INSUFFICIENT_CASH, rest)
        _forget(account, symbol)


@compiled_in_place
def _offered(market: Market, costs: Costs, row: int, symbol: int, asked: float) -> float:
    if costs.participation == np.inf:
        return asked
    most = whole_lots(market.volume[row, symbol] * costs.participation, costs.lot_size)
    return cut(asked, most, costs.lot_size)


@compiled_in_place
def _forget(account: Account, symbol: int) -> None:
    account.remaining[symbol] = 0.0
    account.waiting[0] -= 1


@compiled_in_place
def _note(
    orders: Orders, row: int, symbol: int, order: int, status: int, reason: int, quantity: float
) -> None:
    index = orders.size[0]
    orders.size[0] += 1
    orders.row[index] = row
    orders.symbol[index] = symbol
    orders.order[index] = order
    orders.status[index] = status
    orders.reason[index] = reason
    orders.quantity[index] = quantity


@compiled_in_place
def _expose(account: Account, exposures: Exposures, row: int, symbol: int) -> None:
    index = exposures.size[0]
    exposures.size[0] += 1
    exposures.row[index] = row
    exposures.symbol[index] = symbol
    exposures.quantity[index] = account.position[symbol]
    exposures.price[index] = account.mark[symbol]
