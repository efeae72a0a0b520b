"""What happens to an account without an order: borrowing costs, dividends, splits. Compiled."""

from domain.compiled import compiled_in_place
from domain.engine.account import Account, Changes
from domain.engine.buffers import CashEvents, note_cash
from domain.engine.matching import DUST, Costs
from domain.engine.terms import CashEvent

DIVIDEND, BORROW = int(CashEvent.DIVIDEND), int(CashEvent.BORROW)
CASH_ITSELF = -1


@compiled_in_place
def pay_for_borrowing(
    account: Account, costs: Costs, cash_events: CashEvents, row: int, now: int
) -> None:
    """Charge what was borrowed since the row before: shares sold short at their marks, and cash.

    Cash below zero by less than ``DUST`` of what is held is rounding. ``now`` is the row's time in
    microseconds. The buffer needs room for one event per symbol and one more.
    """
    if costs.borrow == 0.0:
        return
    rate = costs.borrow * (now - account.settled_at[0])
    account.settled_at[0] = now
    owed, gross = account.cash[0], 0.0
    for symbol in range(account.position.shape[0]):
        quantity = account.position[symbol]
        value = quantity * account.mark[symbol]
        gross += abs(value)
        cost = value * rate
        if cost < 0.0:
            account.cash[0] += cost
            note_cash(cash_events, row, symbol, BORROW, quantity, cost)
    if owed * rate < 0.0 and -owed > DUST * gross:
        account.cash[0] += owed * rate
        note_cash(cash_events, row, CASH_ITSELF, BORROW, owed, owed * rate)


@compiled_in_place
def apply_changes(account: Account, changes: Changes, cash_events: CashEvents, row: int) -> None:
    """Carry out the dividends and splits that are due by ``row``, before anything is filled there.

    A dividend is paid on what is held, then a split multiplies position and waiting quantity and
    divides the mark. The buffer needs room for one event per change.
    """
    change = account.next_change[0]
    while change < len(changes.row) and changes.row[change] <= row:
        symbol = changes.symbol[change]
        quantity = account.position[symbol]
        amount = quantity * changes.dividend[change]
        if amount != 0.0:
            account.cash[0] += amount
            note_cash(cash_events, row, symbol, DIVIDEND, quantity, amount)
        split = changes.split[change]
        account.position[symbol] *= split
        account.mark[symbol] /= split
        account.quantity[symbol] *= split
        account.remaining[symbol] *= split
        change += 1
        account.next_change[0] = change
