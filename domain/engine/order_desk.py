"""Where a strategy's orders come in: made from its terms, or refused with a reason."""

import math
from typing import get_args

from domain.engine.matching import DUST, whole_lots
from domain.engine.numbers import integers_of
from domain.engine.order import Lasting, Order, Terms
from domain.engine.order_book import OrderBook
from domain.engine.terms import Kind, Reason, TimeInForce
from domain.engine.waiting import Amendment
from domain.errors import InvalidCall
from domain.market.bars import Times

WAITING_ORDERS_MAX = 10_000
REASONING_CHARACTERS_MAX = 2_000


class OrderDesk:
    """Numbers orders from 1 and puts them into the book, to arrive after bar and latency."""

    def __init__(
        self, book: OrderBook, timestamp: Times, resolution: int, delay: int, lot_size: float
    ) -> None:
        """Orders arrive ``delay`` µs after their bar's open, ``resolution`` µs until it is over."""
        self._book = book
        self._moments = integers_of(timestamp)
        self._delay = delay
        self._latency = delay - resolution
        self._lot_size = lot_size
        self._last_id = 0

    def orders(self) -> list[Order]:
        """The orders that wait, oldest first."""
        return self._book.orders()

    def in_lots(self, quantity: float, held: float) -> float:
        """Round a quantity towards zero to whole lots, unless it is for just what is ``held``."""
        if abs(quantity + held) <= DUST * abs(quantity):
            return quantity
        return whole_lots(quantity, self._lot_size)

    def place(
        self, row: int, symbol: str, column: int, held: float, quantity: float, terms: Terms
    ) -> Order:
        """Take an order in at the close of ``row``: to buy above 0, to sell below.

        It is rounded as ``in_lots`` does. Raises ``InvalidCall`` for a number that is none, a price
        that is not above 0, and for more waiting orders than can be kept.
        """
        if len(self._book) >= WAITING_ORDERS_MAX:
            raise InvalidCall(f"{WAITING_ORDERS_MAX:,} orders wait already; cancel some first")
        for unknown in terms.keys() - Terms.__annotations__.keys():
            known = ", ".join(Terms.__annotations__)
            raise InvalidCall(f"an order has no {unknown!r}; it has {known}")
        limit, stop = _price("limit", terms.get("limit")), _price("stop", terms.get("stop"))
        wanted = _finite("quantity", quantity)
        if wanted == 0.0:
            raise InvalidCall("quantity is 0; right would be above 0 to buy, below 0 to sell")
        lots = self.in_lots(wanted, held)
        self._last_id += 1
        order = Order(
            id=self._last_id,
            symbol=symbol,
            kind=_kind(limit, stop),
            quantity=lots or wanted,
            remaining=lots or wanted,
            limit=limit,
            stop=stop,
            time_in_force=_time_in_force(terms.get("time_in_force", "gtc")),
            reasoning=reasoning_text(terms.get("reasoning")),
            confidence=checked_confidence(terms.get("confidence")),
        )
        if lots == 0.0:
            self._book.refuse(row, order, column, Reason.BELOW_ONE_LOT)
        else:
            self._book.submit(row, order, column, self._arrival(row))
        return order

    def amend(
        self,
        row: int,
        order: Order,
        held: float,
        quantity: float | None,
        limit: float | None,
        stop: float | None,
    ) -> bool:
        """Send an amendment at the close of ``row``; False where the order is done already.

        The size is rounded towards zero to whole lots, unless it is the order's own or what would
        be left of it is for just what is ``held``.
        """
        size = None
        if quantity is not None:
            size = math.copysign(above_zero("quantity", quantity), order.quantity)
            kept = abs(size - order.quantity) <= DUST * abs(size)
            rest = size - order.filled
            if not kept and abs(rest + held) > DUST * abs(size):
                size = whole_lots(size, self._lot_size)
        amendment = Amendment(
            size, _amended("limit", order.limit, limit), _amended("stop", order.stop, stop)
        )
        return self._request(row, order, amendment)

    def cancel(self, row: int, order: Order) -> bool:
        """Send a cancellation at the close of ``row``; False where the order is done already."""
        return self._request(row, order, None)

    def _request(self, row: int, order: Order, amendment: Amendment | None) -> bool:
        if order not in self._book:
            return False
        arrival = self._arrival(row)
        self._book.request(row, order, amendment, arrival)
        if self._latency == 0:
            # Nothing can come between: no bar opens before this one is complete.
            self._book.arrive(row, arrival)
        return True

    def _arrival(self, row: int) -> int:
        return self._moments[row] + self._delay


def above_zero(name: str, value: float) -> float:
    """Check a quantity or price. Raises ``InvalidCall`` unless it is a finite number above 0."""
    number = _finite(name, value)
    if number <= 0.0:
        raise InvalidCall(f"{name} is {value!r:.60}; right would be a number above 0")
    return number


def _finite(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidCall(f"{name} is {value!r:.60}; right would be a finite number")
    return number


def _price(name: str, value: float | None) -> float | None:
    return None if value is None else above_zero(name, value)


def _amended(name: str, old: float | None, new: float | None) -> float | None:
    if new is None:
        return None
    if old is None:
        raise InvalidCall(f"the order has no {name} that could be amended")
    return above_zero(name, new)


def _kind(limit: float | None, stop: float | None) -> Kind:
    if limit is None:
        return Kind.MARKET if stop is None else Kind.STOP
    return Kind.LIMIT if stop is None else Kind.STOP_LIMIT


def _time_in_force(name: Lasting) -> TimeInForce:
    if name not in get_args(Lasting):
        allowed = ", ".join(get_args(Lasting))
        raise InvalidCall(f"no such time_in_force {name!r:.60}; there are {allowed}")
    return TimeInForce[name.upper()]


def reasoning_text(reasoning: str | None) -> str | None:
    """Cut a reasoning to what is kept of it; what is not text becomes ``?``."""
    if reasoning is None:
        return None
    return str(reasoning)[:REASONING_CHARACTERS_MAX].encode(errors="replace").decode()


def checked_confidence(value: float | None) -> float | None:
    """Check a confidence. Raises ``InvalidCall`` unless it is a number from 0 to 100."""
    if value is None:
        return None
    number = _finite("confidence", value)
    if not 0.0 <= number <= 100.0:
        raise InvalidCall(f"confidence is {value!r:.60}; right would be 0 to 100")
    return number
