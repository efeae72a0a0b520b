"""One waiting order of an event strategy: what it may become, and how it meets a bar."""

from collections.abc import Container
from typing import NamedTuple

from msgspec.structs import force_setattr

from domain.engine.order import Order
from domain.engine.terms import Kind, Reason, Rule, TimeInForce

_AT_OPEN = (Rule.OPEN, Rule.LIMIT_GAP, Rule.STOP_GAP)
_AT_ONCE = {
    TimeInForce.IOC: Reason.IMMEDIATE_OR_CANCEL,
    TimeInForce.FOK: Reason.FILL_OR_KILL,
}


class Amendment(NamedTuple):
    """What an order is to become; ``quantity`` is its whole size, signed like the order's.

    ``None``: as it is when this arrives.
    """

    quantity: float | None
    limit: float | None
    stop: float | None

    def split(self, ratio: float) -> "Amendment":
        """The same in the shares after a split."""
        return Amendment(
            None if self.quantity is None else self.quantity * ratio,
            None if self.limit is None else self.limit / ratio,
            None if self.stop is None else self.stop / ratio,
        )


class Waiting:
    """An order with what its strategy need not know.

    ``column``: the number of its symbol; ``kind``: what it is by now; ``at_once``: why it ends with
    the first bar that could fill it, where it does; ``ends_today``: whether it ends with the day.
    """

    __slots__ = ("active_at", "at_once", "column", "ends_today", "kind", "order")

    def __init__(self, order: Order, column: int, active_at: int) -> None:
        self.order = order
        self.column = column
        self.active_at = active_at
        self.kind = int(order.kind)
        self.at_once = _AT_ONCE.get(order.time_in_force)
        self.ends_today = False

    def become(self, amendment: Amendment, remaining: float) -> None:
        """Amend the order, so much of which is not filled yet."""
        force_setattr(self.order, "remaining", remaining)
        for name, value in amendment._asdict().items():
            if value is not None:
                force_setattr(self.order, name, value)

    def split(self, ratio: float) -> None:
        """Bring the order into the shares after a split."""
        order = self.order
        terms = Amendment(order.quantity, order.limit, order.stop)
        self.become(terms.split(ratio), order.remaining * ratio)


class Meeting(NamedTuple):
    """An order that meets a bar, which opened at ``opened``, at ``price``."""

    waiting: Waiting
    opened: float
    price: float
    rule: Rule

    @property
    def way(self) -> tuple[int, bool]:
        """Which price has to move, and whether it has to rise, for this order to be reached."""
        return self.waiting.column, self.price > self.opened

    @property
    def stops(self) -> bool:
        """Whether a stop is reached within the bar."""
        return self.rule not in _AT_OPEN and self.waiting.kind in (Kind.STOP, Kind.STOP_LIMIT)

    def place(self, stopped: Container[tuple[int, bool]]) -> tuple[int, bool, float, int]:
        """Its place among the meetings of a row; ``stopped``: the ways on which there are stops."""
        order = self.waiting.order
        if self.rule in _AT_OPEN:
            return (0 if order.quantity < 0.0 else 1), False, 0.0, order.id
        return 2, self.way not in stopped, abs(self.price / self.opened - 1.0), order.id


def in_order(meetings: list[Meeting]) -> list[Meeting]:
    """The meetings of a row in the order in which they are filled.

    First what is filled at the open, sells before buys, so that what a sell frees can pay for a buy
    of the same moment. Then what is reached within the bar. On one way, up or down, the price
    passes the nearer order first. Which way it went first is not known: it is taken to be the one
    with a stop on it, the worse. Else the older order is first.
    """
    if len(meetings) < 2:
        return meetings
    stopped = {meeting.way for meeting in meetings if meeting.stops}
    return sorted(meetings, key=lambda meeting: meeting.place(stopped))
