"""Bring a portfolio to its weights: when, how far, and within which constraints."""

import abc
import math
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, TypeAlias

import numpy as np
from msgspec import Meta

from domain.market.moments import iso
from domain.strategies.base import PositionSize
from domain.strategies.event import Context, EventStrategy, History

Weights: TypeAlias = dict[str, float]

ROUNDING = 1e-9  # of equity: a constraint that is missed by less is kept


class Rebalancing(EventStrategy, kw_only=True):
    """Bring the portfolio to the weights wanted at the first bar of each period.

    The constraints apply in the order of their fields, and each one that is hit is a log line.
    ``drift`` (the largest distance from a weight) and ``turnover`` are recorded at every look, as
    shares of equity.

    A symbol that has had no bar for longer than ever between two of its bars is taken to have
    ended, until it has another: it is left alone, and the others share what it leaves.
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
        self._silent: set[str] = set()

    @abc.abstractmethod
    def wanted(self, context: Context, symbols: Sequence[str]) -> Weights:
        """Give the share of what is invested that each symbol should have; together at most 1.

        ``symbols``: those that can be traded. One that is not named in the answer is left alone.
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
            if context.equity > 0.0:
                self._look(context)

    def _look(self, context: Context) -> None:
        equity = context.equity
        held = {
            symbol: quantity * context.price(symbol) / equity
            for symbol, quantity in context.positions.items()
        }
        wanted = self.wanted(context, self._tradable(context, held))
        weights = self._beside_others(held, self._bent(context, wanted))
        moves = {symbol: weight - held.get(symbol, 0.0) for symbol, weight in weights.items()}
        self._trade(context, weights, moves)

    def _tradable(self, context: Context, held: Weights) -> list[str]:
        begun = [symbol for symbol in context.symbols if len(context.bars(symbol))]
        silent = {each for each in begun if _is_silent(context.bars(each), context.timestamp)}
        for symbol in begun:
            if symbol in silent - self._silent:
                latest = iso(int(context.bars(symbol).timestamp[-1]))
                share = held.get(symbol, 0.0)
                context.log(
                    f"silent: {symbol} has no bar since {latest}, left alone at {share:.4f}"
                )
        self._silent = silent
        return [symbol for symbol in begun if symbol not in silent]

    def _beside_others(self, held: Weights, weights: Weights) -> Weights:
        # What is held of the symbols that are left alone is invested, and is no cash.
        others = math.fsum(share for symbol, share in held.items() if symbol not in weights)
        total = math.fsum(weights.values())
        room = max(min(self.position_size, 1.0 - self.cash_floor) - others, 0.0)
        if others == 0.0 or total <= room:
            return weights
        return {symbol: weight * (room / total) for symbol, weight in weights.items()}

    def _bent(self, context: Context, wanted: Weights) -> Weights:
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

    def _trade(self, context: Context, weights: Weights, moves: Weights) -> None:
        drift = max(map(abs, moves.values()), default=0.0)
        context.record("drift", drift)
        if drift <= max(self.drift_threshold, ROUNDING):
            if drift > ROUNDING:
                context.log(f"drift_threshold: {drift:.4f} off, within {self.drift_threshold:.4f}")
            context.record("turnover", 0.0)
            return
        turnover = math.fsum(map(abs, moves.values()))
        part = min(self.max_turnover / turnover, 1.0)
        if part < 1.0 - ROUNDING:
            context.log(f"max_turnover: {turnover:.4f} cut to {self.max_turnover:.4f}")
        equity = context.equity
        traded, too_small = [], []
        for symbol, move in moves.items():
            quantity = part * move * equity / context.price(symbol)
            if abs(move) <= ROUNDING:
                continue
            if context.in_lots(symbol, quantity) == 0.0:
                too_small.append(symbol)
                continue
            context.order(symbol, quantity, reasoning=f"weight {weights[symbol]:.4f}")
            traded.append(part * abs(move))
        if too_small:
            context.log(f"lot_size: {', '.join(too_small)} off by less than a lot")
        context.record("turnover", math.fsum(traded))


def _is_silent(history: History, now: int) -> bool:
    if history.is_trading:
        return False
    # There is no bar now, so the gap will be longer than this.
    times = history.timestamp
    return bool(now - times[-1] >= np.diff(times).max(initial=0))


def _period(day: date, rebalance: str) -> object:
    match rebalance:
        case "daily":
            return day
        case "weekly":
            return day.isocalendar()[:2]
        case _:
            return day.year, day.month
