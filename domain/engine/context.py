"""All that an event strategy can see and do."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Unpack

from domain.engine.account import Integers
from domain.engine.history import Clock, Feed, History, Indicator
from domain.engine.ledger import Ledger
from domain.engine.notes import Level, Notes
from domain.engine.numbers import integers_of
from domain.engine.order import Order, Terms
from domain.engine.order_desk import OrderDesk, above_zero
from domain.errors import InvalidCall
from domain.market.bars import Bars, Floats, Times

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ZERO = date(1970, 1, 1)


class Context:
    """A strategy's view of the run at the close of one moment of its timeline, and its hands.

    Symbols are called by name, ``symbols`` are all of them. What cannot be (an unknown symbol, a
    negative quantity) raises ``InvalidCall``. Orders, amendments and cancellations arrive when this
    moment's bar is complete and the run's latency has passed.
    """

    def __init__(
        self,
        clock: Clock,
        feeds: Sequence[Feed],
        timestamp: Times,
        days: Integers,
        ledger: Ledger,
        desk: OrderDesk,
        notes: Notes,
    ) -> None:
        self._clock = clock
        self._feeds = feeds
        self._histories = {feed.history.symbol: feed.history for feed in feeds}
        self._columns = {symbol: column for column, symbol in enumerate(self._histories)}
        self._moments = integers_of(timestamp)
        self._days = integers_of(days)
        self._ledger = ledger
        self._desk = desk
        self._notes = notes
        self.symbols = tuple(self._histories)

    @property
    def timestamp(self) -> int:
        """When this moment's bars opened: microseconds since the Unix epoch, UTC."""
        return self._moments[self._now()]

    @property
    def time(self) -> datetime:
        """The same, as an aware datetime in UTC."""
        return _EPOCH + timedelta(microseconds=self.timestamp)

    @property
    def date(self) -> date:
        """The session day that this moment belongs to, as the run's timezone counts days."""
        return _DAY_ZERO + timedelta(days=self._days[self._now()])

    @property
    def cash(self) -> float:
        """Cash, account currency."""
        return self._ledger.cash

    @property
    def equity(self) -> float:
        """Cash and all positions at their latest closes, account currency."""
        return self._ledger.equity()

    @property
    def positions(self) -> dict[str, float]:
        """What is held, by symbol: above 0 long, below 0 short; only what is not 0."""
        ledger, symbols = self._ledger, self.symbols
        return {symbols[column]: ledger.position(column) for column in ledger.held()}

    @property
    def orders(self) -> list[Order]:
        """The orders that may still be filled, oldest first."""
        return self._desk.orders()

    def position(self, symbol: str) -> float:
        """What is held of one symbol: above 0 long, below 0 short."""
        return self._ledger.position(self._column(symbol))

    def price(self, symbol: str) -> float:
        """The symbol's latest close; NaN before its first bar."""
        return self.bars(symbol).price

    def bars(self, symbol: str) -> History:
        """The symbol's bars up to now; always the same object, which grows with the run."""
        try:
            return self._histories[symbol]
        except KeyError:
            raise self._unknown(symbol) from None

    def indicator(self, symbol: str, function: Callable[[Bars], Floats]) -> Indicator:
        """Compute ``function`` over all bars of a symbol at once, to be revealed bar by bar.

        Only in ``on_start``. The function gives float64[n] for n bars, and each value may use the
        bars up to its own only: see ``domain.indicators``. After a split it is computed anew, in
        today's shares.
        """
        if self._clock.row >= 0:
            raise InvalidCall("an indicator can only be declared in on_start")
        return self._feeds[self._column(symbol)].indicator(function)

    def order(self, symbol: str, quantity: float, **terms: Unpack[Terms]) -> Order:
        """Order to buy (``quantity`` above 0) or sell (below 0) so many shares: see ``Terms``.

        With a lot size the quantity is rounded towards zero to whole lots, unless it is for just
        what is held.
        """
        row, column = self._now(), self._column(symbol)
        return self._desk.place(row, symbol, column, self._ledger.position(column), quantity, terms)

    def in_lots(self, symbol: str, quantity: float) -> float:
        """What an order for so many shares would be for: 0 where that is less than one lot."""
        return self._desk.in_lots(quantity, self.position(symbol))

    def buy(self, symbol: str, quantity: float, **terms: Unpack[Terms]) -> Order:
        """Order to buy so many shares."""
        return self.order(symbol, above_zero("quantity", quantity), **terms)

    def sell(self, symbol: str, quantity: float, **terms: Unpack[Terms]) -> Order:
        """Order to sell so many shares; without ``allow_short`` no more than is held."""
        return self.order(symbol, -above_zero("quantity", quantity), **terms)

    def amend(
        self,
        order: Order,
        *,
        quantity: float | None = None,
        limit: float | None = None,
        stop: float | None = None,
    ) -> bool:
        """Change an order's whole size (above 0; what is filled counts) or its prices.

        False where it is done already. No more than what is filled by then cancels the rest. With
        a lot size the new size is rounded like that of an order.
        """
        held = self._ledger.position(self._column(order.symbol))
        return self._desk.amend(self._now(), order, held, quantity, limit, stop)

    def cancel(self, order: Order) -> bool:
        """Cancel what is left of an order; False where it is done already."""
        return self._desk.cancel(self._now(), order)

    def log(self, message: str, level: Level = "info") -> None:
        """Say something to whoever reads the run: a ``log`` event. A run keeps the first 1,000."""
        self._notes.log(self._clock.row, message, level)

    def record(self, name: str, value: float) -> None:
        """Keep a value of a series of your own at this moment; NaN keeps none.

        A run keeps 32 series. They are returned with its results.
        """
        self._notes.record(self._now(), name, value)

    def _now(self) -> int:
        row = self._clock.row
        if row < 0:
            raise InvalidCall("there is no bar yet in on_start; wait for on_bar")
        return row

    def _column(self, symbol: str) -> int:
        try:
            return self._columns[symbol]
        except KeyError:
            raise self._unknown(symbol) from None

    def _unknown(self, symbol: str) -> InvalidCall:
        return InvalidCall(f"unknown symbol {symbol!r:.60}; this run has {', '.join(self.symbols)}")
