"""One waiting order of an event strategy: what it may become, and how it meets a bar."""

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
    """What an order is to become; ``quantity`` is its whole size, signed like the order's."""

    quantity: float
    limit: float | None
    stop: float | None

    def split(self, ratio: float) -> "Amendment":
        """The same in the shares after a split."""
        return Amendment(
            self.quantity * ratio,
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
        for name in Amendment._fields:
            force_setattr(self.order, name, getattr(amendment, name))

    def split(self, ratio: float) -> None:
        """Bring the order into the shares after a split."""
        order = self.order
        terms = Amendment(order.quantity, order.limit, order.stop)
        self.become(terms.split(ratio), order.remaining * ratio)


class Meeting(NamedTuple):
    """An order that meets a bar at ``price``; meetings are filled in ascending order.

    First what is filled at the open, sells before buys, so that what a sell frees can pay for a buy
    of the same moment; then what is reached later in the bar: its path is not known, so the worse
    is assumed and stops come before limits. Else the older order is first.
    """

    phase: int
    id: int
    waiting: Waiting
    price: float
    rule: Rule

    @classmethod
    def of(cls, waiting: Waiting, price: float, rule: Rule) -> "Meeting":
        """Give the meeting its place among those of the same row."""
        if rule in _AT_OPEN:
            phase = 0 if waiting.order.quantity < 0.0 else 1
        else:
            phase = 2 if waiting.kind in (Kind.STOP, Kind.STOP_LIMIT) else 3
        return cls(phase, waiting.order.id, waiting, price, rule)
