"""Orders and fills as an event strategy sees them."""

from typing import Literal, TypeAlias, TypedDict

import msgspec

from domain.engine.terms import Kind, Rule, Status, TimeInForce

Lasting: TypeAlias = Literal["gtc", "day", "ioc", "fok"]

OPEN = (Status.SUBMITTED, Status.PARTIALLY_FILLED, Status.AMENDED)


class Terms(TypedDict, total=False):
    """On what terms to trade; the prices given make the kind of the order.

    Neither: a market order. ``limit`` alone: at that price or a better one. ``stop`` alone: a
    market order as soon as the price has risen to it (a buy) or fallen to it (a sell). Both: a
    limit order from then on. ``time_in_force``: ``gtc`` if not given. ``reasoning`` and
    ``confidence`` (0 to 100) go with the order to its fills; a long text is cut.
    """

    limit: float | None
    stop: float | None
    time_in_force: Lasting
    reasoning: str | None
    confidence: float | None


class Order(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """An order and how far it is; the engine keeps it up to date, nobody else can change it.

    ``quantity`` and ``remaining`` (what is not filled yet) are above 0 to buy, below 0 to sell.
    ``limit`` and ``stop``: prices, None where the ``kind`` has none. ``status``: the last thing
    that happened to it. ``reasoning`` and ``confidence`` (0 to 100) go with it to its fills.
    """

    id: int
    symbol: str
    kind: Kind
    quantity: float
    remaining: float
    limit: float | None
    stop: float | None
    time_in_force: TimeInForce
    reasoning: str | None
    confidence: float | None
    status: Status = Status.SUBMITTED

    @property
    def filled(self) -> float:
        """How much has been bought (above 0) or sold (below 0)."""
        return self.quantity - self.remaining

    @property
    def is_open(self) -> bool:
        """Whether it may still be filled."""
        return self.status in OPEN


class Fill(msgspec.Struct, frozen=True, eq=False):
    """What an order got on one bar.

    ``quantity``: above 0 bought, below 0 sold. ``price``: per share, slippage included.
    ``commission`` and ``slippage`` (its cost): account currency. ``rule``: where the price comes
    from. ``timestamp``: of the bar, microseconds UTC.
    """

    order: Order
    symbol: str
    quantity: float
    price: float
    commission: float
    slippage: float
    rule: Rule
    timestamp: int
