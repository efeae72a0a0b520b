"""The arithmetic of a fill, as scalars: compiled, and shared by everything that trades."""

import math
from typing import NamedTuple

import numpy as np

from domain.compiled import compiled

# Of an order's quantity: less than this is rounding, neither a trade nor a rest worth waiting for.
DUST = 1e-9


class Costs(NamedTuple):
    """What trading costs and how it is constrained, in the units of the arithmetic.

    ``slippage`` and ``commission`` are fractions of price and notional; ``commission_per_share``
    and ``commission_minimum`` are in account currency; ``lot_size`` 0 means fractional;
    ``participation`` is the largest share of a bar's volume that one fill takes (inf: any);
    ``delay`` is the time in microseconds from a bar's open until its decision's orders are active.
    """

    slippage: float
    commission: float
    commission_per_share: float
    commission_minimum: float
    lot_size: float
    participation: float
    delay: int


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
    whole = np.rint(lots)
    # 0.3 / 0.1 is three lots, whatever its last bit says.
    if abs(lots - whole) > 1e-12 * whole:
        whole = np.floor(lots)
    return math.copysign(whole * lot_size, quantity)


@compiled
def cut(quantity: float, most: float, lot_size: float) -> float:
    """Cut a quantity of either sign to ``most``, but never to leave a rest that is rounding."""
    rest = abs(quantity) - most
    if rest <= max(DUST * abs(quantity), 0.5 * lot_size):
        return quantity
    return math.copysign(most, quantity)


@compiled
def payable(quantity: float, cash: float, price: float, costs: Costs) -> float:
    """Cut a quantity to what leaves ``cash`` at or above zero after price and commission.

    A buy (quantity > 0) shrinks as far as it must. A sale goes through or not: 0 where cash and
    proceeds together do not cover its commission.
    """
    if quantity < 0.0:
        return quantity if _pays(cash, quantity, price, costs) else 0.0
    paid = min(quantity, affordable(cash, price, costs))
    return paid if paid > DUST * quantity else 0.0


@compiled
def affordable(cash: float, price: float, costs: Costs) -> float:
    """Give the largest quantity whose price and commission together fit into ``cash``."""
    per_share = price * (1.0 + costs.commission) + costs.commission_per_share
    quantity = max(cash / per_share, 0.0)
    if commission(quantity, price, costs) <= costs.commission_minimum:
        quantity = max((cash - costs.commission_minimum) / price, 0.0)
    quantity = whole_lots(quantity, costs.lot_size)
    # The divisions above may round up by a last bit, and cash must never go below zero.
    while quantity > 0.0 and not _pays(cash, quantity, price, costs):
        one_lot_less = whole_lots(quantity - 0.5 * costs.lot_size, costs.lot_size)
        quantity = min(one_lot_less, float(np.nextafter(quantity, 0.0)))
    return quantity


@compiled
def _pays(cash: float, quantity: float, price: float, costs: Costs) -> bool:
    # In the very order in which the account is charged, so that rounding cannot come between.
    return cash - quantity * price >= commission(quantity, price, costs)
