"""Bring a portfolio to its weights: when, how far, and within which constraints."""

import abc
import math
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from domain.strategies.base import PositionSize
from domain.strategies.event import Context, EventStrategy

ROUNDING = 1e-9  # of equity: a constraint that is missed by less is kept


class Rebalancing(EventStrategy, kw_only=True):
    """Bring the portfolio to the weights wanted at the first bar of each period.

    The constraints apply in the order of their fields, and each one that is hit is a log line.
    ``drift`` (the largest distance from a weight) and ``turnover`` are recorded at every look, as
    shares of equity.
    """

    position_size: PositionSize = 1.0
    rebalance: Annotated[
        Literal["daily", "weekly", "monthly"], Meta(description="how often to look at the weights")
    ] = "monthly"
    max_weight: Annotated[
        float, Meta(gt=0, le=1, description="largest share of the account in one symbol")
    ] = 1.0
    cash_floor: Annotated[
        float, Meta(ge=0, lt=1, description="share of the account to leave in cash")
    ] = 0.0
    drift_threshold: Annotated[
        float, Meta(ge=0, le=1, description="trade only if a weight is off by more than this")
    ] = 0.0
    max_turnover: Annotated[
        float, Meta(gt=0, le=2, description="largest sum of trades at a time, as share of equity")
    ] = 2.0

    def on_start(self, context: Context) -> None:
        """Nothing has been looked at yet."""
        self._period: object = None
        self._is_due = False

    @abc.abstractmethod
    def wanted(self, context: Context) -> dict[str, float]:
        """Give the share of what is invested that each symbol should have; together at most 1.

        A symbol that is not named should have none.
        """

    def on_bar(self, context: Context) -> None:
        """Rebalance at the first bar of a period, as soon as no older order is on its way."""
        period = _period(context.date, self.rebalance)
        if period != self._period:
            self._period, self._is_due = period, True
        if not self._is_due:
            return
        for order in context.orders:
            context.cancel(order)
        if not context.orders:
            self._is_due = False
            self._trade(context, self._bent(context, self.wanted(context)))

    def _bent(self, context: Context, wanted: dict[str, float]) -> dict[str, float]:
        weights = {symbol: self.position_size * share for symbol, share in wanted.items()}
        for symbol, weight in weights.items():
            if weight > self.max_weight + ROUNDING:
                context.log(f"max_weight: {symbol} {weight:.4f} cut to {self.max_weight:.4f}")
                weights[symbol] = self.max_weight
        total, most = math.fsum(weights.values()), 1.0 - self.cash_floor
        if total > most + ROUNDING:
            context.log(f"cash_floor: {total:.4f} invested scaled to {most:.4f}")
            weights = {symbol: weight * (most / total) for symbol, weight in weights.items()}
        return weights

    def _trade(self, context: Context, weights: dict[str, float]) -> None:
        equity = context.equity
        if equity <= 0.0:
            return
        held = {
            symbol: quantity * context.price(symbol) / equity
            for symbol, quantity in context.positions.items()
        }
        symbols = [symbol for symbol in context.symbols if symbol in held or symbol in weights]
        moves = {symbol: weights.get(symbol, 0.0) - held.get(symbol, 0.0) for symbol in symbols}
        drift = max(map(abs, moves.values()), default=0.0)
        turnover = math.fsum(map(abs, moves.values()))
        context.record("drift", drift)
        if drift <= max(self.drift_threshold, ROUNDING):
            if drift > ROUNDING:
                context.log(f"drift_threshold: {drift:.4f} off, within {self.drift_threshold:.4f}")
            context.record("turnover", 0.0)
            return
        part = min(self.max_turnover / turnover, 1.0)
        if part < 1.0 - ROUNDING:
            context.log(f"max_turnover: {turnover:.4f} cut to {self.max_turnover:.4f}")
        context.record("turnover", turnover * part)
        for symbol, move in moves.items():
            quantity = part * move * equity / context.price(symbol)
            if abs(move) > ROUNDING:
                context.order(symbol, quantity, reasoning=f"weight {weights.get(symbol, 0.0):.4f}")


def _period(day: date, rebalance: str) -> object:
    match rebalance:
        case "daily":
            return day
        case "weekly":
            return day.isocalendar()[:2]
        case _:
            return day.year, day.month
