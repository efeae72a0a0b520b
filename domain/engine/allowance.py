"""What an account allows of a fill: compiled scalar functions, shared by everything that trades."""

import math

import numpy as np

from domain.compiled import compiled
from domain.engine.matching import DUST, Costs, commission, whole_lots
from domain.engine.terms import Reason

NONE = int(Reason.NONE)
INSUFFICIENT_CASH = int(Reason.INSUFFICIENT_CASH)
INSUFFICIENT_MARGIN = int(Reason.INSUFFICIENT_MARGIN)
SHORT_NOT_ALLOWED = int(Reason.SHORT_NOT_ALLOWED)


@compiled
def is_cash_account(costs: Costs) -> bool:
    """Whether the account may neither be short nor owe cash."""
    return not costs.allow_short and costs.leverage == 1.0


@compiled
def allowed(
    quantity: float,
    price: float,
    cash: float,
    position: float,
    net: float,
    gross: float,
    costs: Costs,
) -> tuple[float, int]:
    """Cut a fill at ``price`` to what the account allows; also give the ``Reason`` of the cut.

    ``position``: held of this symbol, signed. ``net`` and ``gross``: the sums of the values and of
    the absolute values of the other symbols' positions at their marks. The reason is NONE where
    nothing is cut but rounding. What is left is rounding too, and nothing, where it is less than
    ``DUST`` of the quantity, or of the whole account where the quantity is worth more than that.
    That is all that a cash account reads them for: with an infinite ``gross`` the account is
    taken to be worth more, and only an answer of 0 may have to be asked for again.

    Without ``allow_short`` no more is sold than is held. In a cash account price and commission
    never take cash below zero. In a margin account gross exposure after the fill, this symbol's
    valued at ``price``, is at most ``leverage`` times the equity after it; what only brings a
    position nearer to zero is always allowed.
    """
    worth = abs(cash) + gross + abs(position) * price
    least = DUST * min(abs(quantity), worth / price)
    most = quantity
    if quantity < 0.0 and not costs.allow_short:
        most = max(quantity, -max(position, 0.0))
        if -most <= least:
            return 0.0, SHORT_NOT_ALLOWED
    if is_cash_account(costs):
        given, reason = payable(most, cash, price, least, costs), INSUFFICIENT_CASH
    else:
        equity = cash + net + position * price
        given = _carried(most, price, position, equity, gross, least, costs)
        reason = INSUFFICIENT_MARGIN
    if abs(most - given) > DUST * abs(most):
        return given, reason
    return given, (NONE if abs(quantity - given) <= DUST * abs(quantity) else SHORT_NOT_ALLOWED)


@compiled
def _carried(
    quantity: float,
    price: float,
    position: float,
    equity: float,
    gross: float,
    least: float,
    costs: Costs,
) -> float:
    # ``held``: what is held in the direction of the trade, below zero where the trade reduces it;
    # the way to zero is always open.
    held = math.copysign(1.0, quantity) * position
    size = abs(quantity)
    most = max(_holdable(price, held, equity, gross, costs) - held, -held, 0.0)
    if size <= most * (1.0 + DUST):
        return quantity
    whole = whole_lots(most, costs.lot_size)
    if whole <= -held * (1.0 + DUST):
        return -position
    return math.copysign(whole, quantity) if whole > least else 0.0


@compiled
def _holdable(price: float, held: float, equity: float, gross: float, costs: Costs) -> float:
    # Solves gross + holdable * price = leverage * (equity - commission(holdable - held)).
    per_share = price * costs.commission + costs.commission_per_share
    holdable = (costs.leverage * (equity + per_share * held) - gross) / (
        price + costs.leverage * per_share
    )
    if (holdable - held) * per_share >= costs.commission_minimum:
        return holdable
    return (costs.leverage * (equity - costs.commission_minimum) - gross) / price


@compiled
def payable(quantity: float, cash: float, price: float, least: float, costs: Costs) -> float:
    """Cut a quantity to what leaves ``cash`` at or above zero after price and commission.

    A buy (quantity > 0) shrinks as far as it must; no more than ``least`` is nothing. A sale goes
    through or not: 0 where cash and proceeds together do not cover its commission.
    """
    if _pays(cash, quantity, price, costs):
        return quantity
    if quantity < 0.0:
        return 0.0
    paid = min(quantity, affordable(cash, price, costs))
    return paid if paid > least else 0.0


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
