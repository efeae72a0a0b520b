"""The waiting orders of an event strategy: how they live, and when they end."""

from typing import NamedTuple

from msgspec.structs import force_setattr

from domain.engine.account import Integers
from domain.engine.journal import Journal
from domain.engine.matching import DUST, kind_after, matched
from domain.engine.numbers import floats_of, integers_of
from domain.engine.order import Order
from domain.engine.terms import Reason, Rule, Status, TimeInForce
from domain.engine.timeline import Timeline
from domain.engine.waiting import Amendment, Meeting, Waiting, in_order

_NO_FILL, _TRIGGERED = int(Rule.NONE), int(Rule.TRIGGERED)
_NO_PRICE = 0.0  # compiled code takes no None; it reads only the prices that an order has


class _Request(NamedTuple):
    arrives_at: int
    waiting: Waiting
    amendment: Amendment | None


class OrderBook:
    """Orders in the order of their numbers, and the requests about them that are on their way."""

    def __init__(self, timeline: Timeline, days: Integers, journal: Journal) -> None:
        self._moments = integers_of(timeline.timestamp)
        self._open, self._high = floats_of(timeline.open), floats_of(timeline.high)
        self._low, self._close = floats_of(timeline.low), floats_of(timeline.close)
        self._days = integers_of(days)
        self._journal = journal
        self._waiting: dict[int, Waiting] = {}
        self._requests: list[_Request] = []
        self._today = -1

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, order: Order) -> bool:
        return order.id in self._waiting

    @property
    def is_waiting(self) -> bool:
        """Whether there is any order."""
        return bool(self._waiting)

    def orders(self) -> list[Order]:
        """The orders that wait, oldest first."""
        return [waiting.order for waiting in self._waiting.values()]

    def submit(self, row: int, order: Order, column: int, active_at: int) -> None:
        """Take an order in at the close of ``row``; nothing fills it before ``active_at``."""
        waiting = Waiting(order, column, active_at)
        self._waiting[order.id] = waiting
        self._note(row, waiting, Status.SUBMITTED, Reason.NONE, order.quantity)

    def refuse(self, row: int, order: Order, column: int, reason: Reason) -> None:
        """Reject an order as soon as it comes."""
        waiting = Waiting(order, column, 0)
        self._note(row, waiting, Status.SUBMITTED, Reason.NONE, order.quantity)
        self._note(row, waiting, Status.REJECTED, reason, order.quantity)

    def request(self, row: int, order: Order, amendment: Amendment | None, arrives_at: int) -> None:
        """Send word to amend an order, without amendment to cancel it: see ``arrive``."""
        self._requests.append(_Request(arrives_at, self._waiting[order.id], amendment))

    def arrive(self, row: int, now: int) -> None:
        """Carry out the requests that have arrived by ``now``; until then an order may be filled.

        An amendment to no more than what is filled already cancels the rest.
        """
        arrived = [each for each in self._requests if each.arrives_at <= now]
        self._requests = [each for each in self._requests if each.arrives_at > now]
        for _, waiting, amendment in arrived:
            if waiting.order.is_open:
                self._carry_out(row, waiting, amendment)

    def meetings(self, row: int) -> list[Meeting]:
        """Which orders meet the bars of a row, in the order in which they are to be filled."""
        if self._requests:
            self.arrive(row, self._moments[row])
        if self._days[row] != self._today:
            self._begin_day(row)
        return in_order(self._meetings(row))

    def reduce(self, row: int, waiting: Waiting, quantity: float, reason: Reason) -> None:
        """Take a fill off an order; with a reason, what is left of it ends."""
        order = waiting.order
        rest = order.remaining - quantity
        if abs(rest) <= DUST * abs(order.remaining):
            force_setattr(order, "remaining", 0.0)
            del self._waiting[order.id]
            self._note(row, waiting, Status.FILLED, Reason.NONE, quantity)
            return
        force_setattr(order, "remaining", rest)
        self._note(row, waiting, Status.PARTIALLY_FILLED, Reason.NONE, quantity)
        if reason is not Reason.NONE:
            self.end(row, waiting, Status.CANCELLED, reason)
        else:
            self.leave(row, waiting)

    def leave(self, row: int, waiting: Waiting) -> None:
        """Let an order wait for the next bar, where its time in force allows."""
        if waiting.at_once is not None:
            self.end(row, waiting, Status.CANCELLED, waiting.at_once)

    def end(self, row: int, waiting: Waiting, status: Status, reason: Reason) -> None:
        """End an order that still waits."""
        del self._waiting[waiting.order.id]
        self._note(row, waiting, status, reason, waiting.order.remaining)

    def expire(self, row: int) -> None:
        """End everything that still waits after the last row."""
        for waiting in list(self._waiting.values()):
            self.end(row, waiting, Status.EXPIRED, Reason.END_OF_DATA)

    def split(self, column: int, ratio: float) -> None:
        """Bring a symbol's orders, and what is to become of them, into the shares after a split."""
        for waiting in self._waiting.values():
            if waiting.column == column:
                waiting.split(ratio)
        self._requests = [
            each._replace(amendment=each.amendment.split(ratio))
            if each.amendment is not None and each.waiting.column == column
            else each
            for each in self._requests
        ]

    def _carry_out(self, row: int, waiting: Waiting, amendment: Amendment | None) -> None:
        order = waiting.order
        rest = 0.0
        if amendment is not None:
            size = order.quantity if amendment.quantity is None else amendment.quantity
            rest = size - order.filled
        if amendment is None or rest * order.quantity <= 0.0:
            self.end(row, waiting, Status.CANCELLED, Reason.REQUESTED)
            return
        waiting.become(amendment, rest)
        self._note(row, waiting, Status.AMENDED, Reason.NONE, rest)

    def _begin_day(self, row: int) -> None:
        self._today = self._days[row]
        for waiting in list(self._waiting.values()):
            if waiting.ends_today:
                self.end(row, waiting, Status.EXPIRED, Reason.END_OF_DAY)

    def _meetings(self, row: int) -> list[Meeting]:
        found = []
        moment = self._moments[row]
        for waiting in list(self._waiting.values()):
            place = row, waiting.column
            opened = self._open[place]
            if moment < waiting.active_at or opened != opened:
                continue
            order = waiting.order
            waiting.ends_today = order.time_in_force is TimeInForce.DAY
            price, number = matched(
                waiting.kind,
                order.remaining,
                order.limit or _NO_PRICE,
                order.stop or _NO_PRICE,
                opened,
                self._high[place],
                self._low[place],
                self._close[place],
            )
            if number == _NO_FILL:
                self.leave(row, waiting)
            elif number == _TRIGGERED:
                waiting.kind = kind_after(waiting.kind)
                self.leave(row, waiting)
            else:
                found.append(Meeting(waiting, opened, price, Rule(number)))
        return found

    def _note(
        self, row: int, waiting: Waiting, status: Status, reason: Reason, quantity: float
    ) -> None:
        force_setattr(waiting.order, "status", status)
        self._journal.event(row, waiting.column, waiting.order, status, reason, quantity)
