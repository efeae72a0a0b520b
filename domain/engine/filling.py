"""The market orders of the compiled simulation: filled at the open of the first bar they meet."""

import numpy as np

from domain.compiled import compiled_in_place
from domain.engine.account import Account, Market
from domain.engine.allowance import allowed, is_cash_account
from domain.engine.buffers import Fills, Orders, note_order
from domain.engine.matching import DUST, Costs, commission, offered, position_after, slipped
from domain.engine.terms import Reason, Rule, Status

PARTIALLY_FILLED, FILLED = int(Status.PARTIALLY_FILLED), int(Status.FILLED)
CANCELLED, REJECTED = int(Status.CANCELLED), int(Status.REJECTED)
NONE, AT_OPEN = int(Reason.NONE), int(Rule.OPEN)


@compiled_in_place
def fill_waiting(
    market: Market,
    costs: Costs,
    account: Account,
    fills: Fills,
    orders: Orders,
    row: int,
) -> None:
    """Try to fill what waits: first the sells, then the buys, each in the order of the symbols.

    So what a sell frees can pay for a buy of the same moment.
    """
    for side in (-1.0, 1.0):
        for symbol in range(market.open.shape[1]):
            if account.remaining[symbol] * side > 0.0:
                _try_fill(market, costs, account, fills, orders, row, symbol)


@compiled_in_place
def forget(account: Account, symbol: int) -> None:
    """Let go of the order of ``symbol`` that waits."""
    account.remaining[symbol] = 0.0
    account.waiting[0] -= 1


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
    most = offered(asked, market.volume[row, symbol], costs)
    if most == 0.0:
        return
    price = slipped(reference, most, costs.slippage)
    quantity, reason = _allowed(account, symbol, most, price, costs)
    order = account.order[symbol]
    if quantity == 0.0:
        untouched = asked == account.quantity[symbol]
        note_order(orders, row, symbol, order, REJECTED if untouched else CANCELLED, reason, asked)
        forget(account, symbol)
        return

    charge = commission(quantity, price, costs)
    account.cash[0] = account.cash[0] - quantity * price - charge
    account.position[symbol] = position_after(account.position[symbol], quantity)
    rest = asked - quantity
    account.remaining[symbol] = rest
    _note_fill(account, fills, row, symbol, quantity, price, reference, charge)

    if abs(rest) <= DUST * abs(asked):
        note_order(orders, row, symbol, order, FILLED, NONE, quantity)
        forget(account, symbol)
        return
    note_order(orders, row, symbol, order, PARTIALLY_FILLED, NONE, quantity)
    if reason != NONE:
        note_order(orders, row, symbol, order, CANCELLED, reason, rest)
        forget(account, symbol)


@compiled_in_place
def _allowed(
    account: Account, symbol: int, quantity: float, price: float, costs: Costs
) -> tuple[float, int]:
    cash, position = account.cash[0], account.position[symbol]
    if is_cash_account(costs):
        given, reason = allowed(quantity, price, cash, position, 0.0, np.inf, costs)
        if given != 0.0:
            return given, reason
    net, gross = 0.0, 0.0
    for other in range(account.position.shape[0]):
        if other != symbol:
            value = account.position[other] * account.mark[other]
            net += value
            gross += abs(value)
    return allowed(quantity, price, cash, position, net, gross, costs)


@compiled_in_place
def _note_fill(
    account: Account,
    fills: Fills,
    row: int,
    symbol: int,
    quantity: float,
    price: float,
    reference: float,
    charge: float,
) -> None:
    index = fills.size[0]
    fills.size[0] += 1
    fills.row[index] = row
    fills.symbol[index] = symbol
    fills.order[index] = account.order[symbol]
    fills.quantity[index] = quantity
    fills.price[index] = price
    fills.commission[index] = charge
    fills.slippage[index] = abs(quantity * (price - reference))
    fills.rule[index] = AT_OPEN
