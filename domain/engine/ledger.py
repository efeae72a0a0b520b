"""The account of an event strategy: read and traded row by row, its rows written in one go."""

from collections.abc import Sequence

import numpy as np

from domain.compiled import compiled_in_place
from domain.engine.account import Account, Changes, Market
from domain.engine.allowance import allowed, is_cash_account
from domain.engine.buffers import CashEvents, Exposures
from domain.engine.history import History
from domain.engine.kernel import mark
from domain.engine.matching import Costs, position_after
from domain.engine.numbers import floats_of
from domain.engine.settlement import apply_changes, pay_for_borrowing
from domain.market.bars import Floats


class Ledger:
    """Cash and positions at the moment that the strategy is at, and the rows behind it.

    Between fills nothing needs Python: those rows are settled and marked by the compiled functions
    that signal strategies run on, all together, when the account is next touched.
    ``cash_at_close`` and ``positions_at_close``: float64[n], filled up to the last ``close``.
    """

    def __init__(
        self,
        market: Market,
        costs: Costs,
        changes: Changes,
        capital: float,
        bars: Sequence[History],
    ) -> None:
        rows, symbols = market.open.shape
        self.account = Account.open(capital, symbols, int(market.period[0]))
        self.cash_at_close, self.positions_at_close = np.empty(rows), np.empty(rows)
        self._market = market
        self._costs = costs
        self._is_cash_account = is_cash_account(costs)
        self._changes = changes
        self._bars = bars
        self._cash = floats_of(self.account.cash)
        self._position = floats_of(self.account.position)
        self._held: list[int] | None = []
        self._marked = self._settled = 0
        self.make_room(0)

    def make_room(self, rows: int) -> None:
        """Begin a stretch of so many rows with empty buffers."""
        symbols = self._market.open.shape[1]
        self.exposures = Exposures.room_for(rows * symbols)
        borrowing = rows * (symbols + 1) if self._costs.borrow > 0.0 else 0
        self.cash_events = CashEvents.room_for(borrowing + len(self._changes.row))

    @property
    def cash(self) -> float:
        """Cash, account currency."""
        return self._cash[0]

    @property
    def is_borrowing(self) -> bool:
        """Whether anything is borrowed at this moment, cash or shares."""
        return self._cash[0] < 0.0 or any(self._position[column] < 0.0 for column in self.held())

    def position(self, column: int) -> float:
        """What is held of a symbol: above 0 long, below 0 short."""
        return self._position[column]

    def held(self) -> list[int]:
        """The numbers of the symbols that are held, in order."""
        if self._held is None:
            self._held = np.flatnonzero(self.account.position).tolist()
        return self._held

    def equity(self) -> float:
        """Cash and the positions at their symbols' latest closes, account currency."""
        value = 0.0
        for column in self.held():
            value += self._position[column] * self._bars[column].price
        return self._cash[0] + value

    def settle(self, row: int) -> None:
        """Bring the account to the moment before the fills of ``row``."""
        self._advance(row + 1, row)

    def close(self, row: int) -> None:
        """Bring the account to the close of ``row``."""
        self._advance(row + 1, row + 1)

    def allowed(self, column: int, quantity: float, price: float) -> tuple[float, int]:
        """Cut a fill to what the account allows, and say why: see ``allowance.allowed``."""
        cash, position, costs = self._cash[0], self._position[column], self._costs
        if self._is_cash_account:
            answer = allowed(quantity, price, cash, position, 0.0, np.inf, costs)
            if answer[0] != 0.0:
                return answer
        net = gross = 0.0
        for other in self.held():
            if other != column:
                value = self._position[other] * float(self.account.mark[other])
                net += value
                gross += abs(value)
        return allowed(quantity, price, cash, position, net, gross, costs)

    def trade(self, column: int, quantity: float, price: float, charge: float) -> None:
        """Carry out a fill; ``charge`` is its commission."""
        self.account.cash[0] = self._cash[0] - quantity * price - charge
        self.account.position[column] = position_after(self._position[column], quantity)
        if self.account.mark[column] == 0.0:
            self.account.mark[column] = price  # on its symbol's first bar, which has yet to close
        self._held = None

    def _advance(self, settle: int, close: int) -> None:
        if self._settled >= settle and self._marked >= close:
            return
        _advance(
            self._market, self._costs, self.account, self._changes, self.exposures,
            self.cash_events, self.cash_at_close, self.positions_at_close,
            self._marked, settle, close,
        )  # fmt: skip
        self._settled, self._marked = max(self._settled, settle), max(self._marked, close)


@compiled_in_place
def _advance(
    market: Market,
    costs: Costs,
    account: Account,
    changes: Changes,
    exposures: Exposures,
    cash_events: CashEvents,
    cash: Floats,
    positions: Floats,
    marked: int,
    settle: int,
    close: int,
) -> None:
    # Settle the rows from ``marked`` to before ``settle``, mark those before ``close``. A row that
    # is settled twice is paid for once.
    for row in range(marked, settle):
        pay_for_borrowing(account, costs, cash_events, row, market.timestamp[row])
        apply_changes(account, changes, cash_events, row)
        if row < close:
            positions[row] = mark(market, account, exposures, row)
            cash[row] = account.cash[0]
