"""Whether an order meets a bar, and the arithmetic of its fill: compiled scalar functions.

Everything that trades shares them. The sign of a quantity says its side: a buy is above 0.
"""

import math
from typing import NamedTuple

import numpy as np

from domain.compiled import compiled
from domain.engine.terms import Kind, Rule

# Of an order's quantity: less than this is rounding, neither a trade nor a rest worth waiting for.
# So it is of an account: see ``allowance.allowed`` and ``settlement.pay_for_borrowing``.
DUST = 1e-9
# Of a fill: a position of less than this is the rounding of one that was closed.
CRUMB = 1e-12

MARKET, LIMIT_ORDER, STOP_ORDER = int(Kind.MARKET), int(Kind.LIMIT), int(Kind.STOP)
NO_FILL, TRIGGERED, AT_OPEN = int(Rule.NONE), int(Rule.TRIGGERED), int(Rule.OPEN)
AT_LIMIT, LIMIT_GAP = int(Rule.LIMIT), int(Rule.LIMIT_GAP)
AT_STOP, STOP_GAP = int(Rule.STOP), int(Rule.STOP_GAP)


class Costs(NamedTuple):
    """What trading costs and how it is constrained, in the units of the arithmetic.

    ``slippage`` and ``commission`` are fractions of price and notional; ``commission_per_share``
    and ``commission_minimum`` are in account currency; ``lot_size`` 0 means fractional;
    ``participation`` is the largest share of a bar's volume that one fill takes (inf: any);
    ``delay`` is the time in microseconds from a bar's open until its decision's orders are active.
    ``leverage`` is the largest gross exposure as a multiple of equity, ``allow_short`` whether
    a position may be below zero: with 1.0 and False the account is a cash account. ``borrow`` is
    what borrowed shares and borrowed cash cost, a fraction of their value per microsecond.
    """

    slippage: float
    commission: float
    commission_per_share: float
    commission_minimum: float
    lot_size: float
    participation: float
    delay: int
    allow_short: bool = False
    leverage: float = 1.0
    borrow: float = 0.0


@compiled
def matched(
    kind: int,
    quantity: float,
    limit: float,
    stop: float,
    opened: float,
    high: float,
    low: float,
    closed: float,
) -> tuple[float, int]:
    """Give the price, before slippage, at which an order meets a bar, and the ``Rule`` it names.

    The price is NaN where the rule is NONE or TRIGGERED. Only the sign of ``quantity`` counts;
    prices that the ``Kind`` does not need are not read. Once a bar has triggered a stop (any rule
    but NONE), what is left of the order goes on as ``kind_after`` says.
    """
    if quantity > 0.0:
        return _buy(kind, limit, stop, opened, high, low, closed)
    # A sell is a buy in the mirror.
    price, rule = _buy(kind, -limit, -stop, -opened, -low, -high, -closed)
    return -price, rule


@compiled
def kind_after(kind: int) -> int:
    """Give what an order is once its stop was reached: a market order, or a limit order."""
    return MARKET if kind in (MARKET, STOP_ORDER) else LIMIT_ORDER


@compiled
def _buy(
    kind: int, limit: float, stop: float, opened: float, high: float, low: float, closed: float
) -> tuple[float, int]:
    if kind == MARKET:
        return opened, AT_OPEN
    if kind == LIMIT_ORDER:
        return _buy_limit(limit, opened, low)
    if high < stop:
        return np.nan, NO_FILL
    if kind == STOP_ORDER:
        return (opened, STOP_GAP) if opened >= stop else (stop, AT_STOP)
    return _buy_stop_limit(limit, stop, opened, low, closed)


@compiled
def _buy_stop_limit(
    limit: float, stop: float, opened: float, low: float, closed: float
) -> tuple[float, int]:
    if opened >= stop:
        price, rule = _buy_limit(limit, opened, low)
        return price, (TRIGGERED if rule == NO_FILL else rule)
    # Triggered within the bar: all that is certain is a trade at the stop and then the close.
    if stop <= limit:
        return stop, AT_STOP
    return (limit, AT_LIMIT) if closed <= limit else (np.nan, TRIGGERED)


@compiled
def _buy_limit(limit: float, opened: float, low: float) -> tuple[float, int]:
    if low > limit:
        return np.nan, NO_FILL
    return (opened, LIMIT_GAP) if opened <= limit else (limit, AT_LIMIT)


@compiled
def slippage_of(kind: int, costs: Costs) -> float:
    """Give the slippage that moves a fill, as a fraction: only market and stop orders have any."""
    return costs.slippage if kind in (MARKET, STOP_ORDER) else 0.0


@compiled
def slipped(price: float, quantity: float, slippage: float) -> float:
    """Move a price against the trader: up for a buy (quantity > 0), down for a sell."""
    return price * (1.0 + slippage) if quantity > 0.0 else price * (1.0 - slippage)


@compiled
def commission(quantity: float, price: float, costs: Costs) -> float:
    """Commission in account currency for a fill of ``quantity`` (either sign) at ``price``."""
    size = abs(quantity)
    charge = size * price * costs.commission + size * costs.commission_per_share
    return max(charge, costs.commission_minimum)


@compiled
def whole_lots(quantity: float, lot_size: float) -> float:
    """Round a quantity towards zero to whole lots; fractional when ``lot_size`` is 0."""
    if lot_size == 0.0:
        return quantity
    lots = abs(quantity) / lot_size
    if lots == np.inf:
        return quantity  # more than can be counted
    whole = np.rint(lots)
    # 0.3 / 0.1 is three lots, whatever its last bit says.
    if abs(lots - whole) > 1e-12 * whole:
        whole = np.floor(lots)
    return math.copysign(whole * lot_size, quantity)


@compiled
def position_after(position: float, quantity: float) -> float:
    """Add a fill to a position; what rounding leaves of a closed one is 0."""
    after = position + quantity
    return 0.0 if abs(after) <= CRUMB * abs(quantity) else after


@compiled
def offered(quantity: float, volume: float, costs: Costs) -> float:
    """Cut a quantity to what ``participation`` may take of a volume; 0 where that is nothing."""
    if costs.participation == np.inf:
        return quantity
    share = volume * costs.participation
    if abs(quantity) <= share * (1.0 + DUST):
        return quantity
    most = whole_lots(share, costs.lot_size)
    return math.copysign(most, quantity) if most > 0.0 else 0.0
