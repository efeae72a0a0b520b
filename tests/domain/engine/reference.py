"""The engine's rules once more: plain, slow, and written from their description alone.

Dictionaries and loops, no arrays, no shared code. Where the engine solves for what cash affords,
this one searches for it.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

ROUNDING = 1e-9  # of an order: a difference that small is none
YEAR = 365 * 24 * 3600 * 1_000_000


class Bar(NamedTuple):
    open: float
    close: float
    volume: float
    target: float | None


class Settings(NamedTuple):
    slippage_bps: float = 0.0
    commission_bps: float = 0.0
    commission_per_share: float = 0.0
    commission_minimum: float = 0.0
    latency_ms: float = 0.0
    lot_size: float | None = None
    max_volume_participation: float | None = None
    allow_short: bool = False
    max_leverage: float = 1.0
    borrow_bps: float = 0.0


class Action(NamedTuple):
    at: int
    symbol: str
    split: float
    dividend: float


class Fill(NamedTuple):
    at: int
    symbol: str
    quantity: float
    price: float
    commission: float


class Order:
    def __init__(self, quantity: float, active_at: int) -> None:
        self.left = quantity
        self.active_at = active_at


class Reference:
    """Simulates; afterwards ``rows`` holds (time, cash, positions) and ``fills`` every fill."""

    def __init__(
        self,
        market: dict[str, dict[int, Bar]],
        capital: float,
        settings: Settings,
        bar_length: int,
        period_of: Callable[[int], int] | None = None,
        actions: Sequence[Action] = (),
    ) -> None:
        self.market = market
        self.settings = settings
        self.bar_length = bar_length
        self.period_of = period_of or (lambda time: 0)
        self.cash = capital
        self.held = dict.fromkeys(market, 0.0)
        self.last_close: dict[str, float] = {}
        self.wish = dict.fromkeys(market, 0.0)
        self.acted_on = dict.fromkeys(market, 0.0)
        self.waiting: dict[str, Order] = {}
        self.rows: list[tuple[int, float, float]] = []
        self.fills: list[Fill] = []
        times = sorted({time for bars in market.values() for time in bars})
        self.aligned = dict.fromkeys(market, self.period_of(times[0]))
        self.to_come = [action for action in actions if action.at > times[0]]
        self.now = times[0]
        for time in times:
            self.step(time)

    def step(self, time: int) -> None:
        self.pay_for_what_is_borrowed(time - self.now)
        self.now = time
        for action in [action for action in self.to_come if action.at <= time]:
            self.to_come.remove(action)
            self.carry_out(action)
        for selling in (True, False):
            for symbol in self.market:
                order = self.waiting.get(symbol)
                if order is not None and (order.left < 0) is selling:
                    self.try_to_fill(time, symbol, order)
        for symbol, bars in self.market.items():
            if time in bars:
                self.last_close[symbol] = bars[time].close
        positions = sum(
            quantity * self.last_close[symbol] for symbol, quantity in self.held.items() if quantity
        )
        for symbol, bars in self.market.items():
            if time in bars:
                self.decide(time, symbol, bars[time], self.cash + positions)
        self.rows.append((time, self.cash, positions))

    def pay_for_what_is_borrowed(self, elapsed: int) -> None:
        short = sum(
            -quantity * self.last_close[symbol]
            for symbol, quantity in self.held.items()
            if quantity < 0
        )
        owed = max(-self.cash, 0)
        gross = sum(abs(each) * self.last_close[name] for name, each in self.held.items() if each)
        borrowed = short + (owed if owed > ROUNDING * gross else 0)
        self.cash -= borrowed * self.settings.borrow_bps / 10_000 * elapsed / YEAR

    def carry_out(self, action: Action) -> None:
        self.cash += self.held[action.symbol] * action.dividend
        self.held[action.symbol] *= action.split
        if action.symbol in self.last_close:
            self.last_close[action.symbol] /= action.split
        if action.symbol in self.waiting:
            self.waiting[action.symbol].left *= action.split

    def try_to_fill(self, time: int, symbol: str, order: Order) -> None:
        bar = self.market[symbol].get(time)
        if bar is None or time < order.active_at:
            return
        quantity = order.left
        share = self.settings.max_volume_participation
        if share is not None:
            most = bar.volume * share
            if abs(quantity) > most * (1 + ROUNDING):
                lots = self.in_lots(most)
                if lots == 0:
                    return
                quantity = math.copysign(lots, quantity)
        offered = quantity
        slippage = self.settings.slippage_bps / 10_000
        price = bar.open * (1 + slippage if quantity > 0 else 1 - slippage)
        quantity = self.permitted(symbol, quantity, price)
        if abs(quantity) <= ROUNDING * min(abs(offered), self.worth(symbol, price) / price):
            del self.waiting[symbol]
            return
        self.fills.append(Fill(time, symbol, quantity, price, self.commission(quantity, price)))
        self.cash = self.cash_after(quantity, price)
        self.held[symbol] += quantity
        if abs(self.held[symbol]) <= 1e-12 * abs(quantity):
            self.held[symbol] = 0.0
        done = abs(order.left - quantity) <= ROUNDING * abs(order.left)
        order.left -= quantity
        if done or quantity != offered:
            del self.waiting[symbol]

    def decide(self, time: int, symbol: str, bar: Bar, equity: float) -> None:
        if bar.target is not None:
            self.wish[symbol] = bar.target
        wish = self.wish[symbol]
        period = self.period_of(time)
        changed = wish != self.acted_on[symbol]
        drifted = wish != 0 and period != self.aligned[symbol]
        order = self.waiting.get(symbol)
        if order is not None and time < order.active_at:
            return
        if not changed and not drifted:
            return
        self.acted_on[symbol], self.aligned[symbol] = wish, period
        self.waiting.pop(symbol, None)
        quantity = -self.held[symbol]
        goal = wish * max(equity, 0.0) / bar.close
        if goal > 0 or (goal < 0 and self.settings.allow_short):
            quantity = goal - self.held[symbol]
            if abs(quantity) <= ROUNDING * abs(goal):
                return
            quantity = math.copysign(self.in_lots(abs(quantity)), quantity)
            if not self.settings.allow_short:
                quantity = max(quantity, -self.held[symbol])
        if quantity:
            delay = self.bar_length + round(1_000 * self.settings.latency_ms)
            self.waiting[symbol] = Order(quantity, time + delay)

    @property
    def lot(self) -> float:
        return self.settings.lot_size or 0.0

    def in_lots(self, quantity: float) -> float:
        if not self.lot:
            return quantity
        lots = quantity / self.lot
        nearest = round(lots)
        return (nearest if abs(lots - nearest) <= 1e-12 * nearest else int(lots)) * self.lot

    def commission(self, quantity: float, price: float) -> float:
        shares = abs(quantity)
        by_value = shares * price * (self.settings.commission_bps / 10_000)
        by_share = shares * self.settings.commission_per_share
        return max(by_value + by_share, self.settings.commission_minimum)

    def cash_after(self, quantity: float, price: float) -> float:
        return self.cash - quantity * price - self.commission(quantity, price)

    def permitted(self, symbol: str, quantity: float, price: float) -> float:
        held = self.held[symbol]
        if quantity < 0 and not self.settings.allow_short:
            quantity = max(quantity, -held)
        if not self.settings.allow_short and self.settings.max_leverage == 1:
            if quantity > 0:
                return self.affordable(quantity, price)
            return quantity if self.cash_after(quantity, price) >= 0 else 0.0
        closing = -held if held * quantity < 0 else 0.0
        if abs(quantity) <= abs(closing) or self.carries(symbol, quantity, price):
            return quantity
        if self.lot:
            lots = int(abs(quantity) / self.lot + 1e-9)
            side = math.copysign(self.lot, quantity)
            while lots and not self.carries(symbol, lots * side, price):
                lots -= 1
            return max(lots * side, closing, key=abs)
        enough, too_much = closing, quantity
        for _ in range(200):
            middle = (enough + too_much) / 2
            if self.carries(symbol, middle, price):
                enough = middle
            else:
                too_much = middle
        return enough

    def worth(self, symbol: str, price: float) -> float:
        prices = self.last_close | {symbol: price}
        return abs(self.cash) + sum(
            abs(each) * prices[name] for name, each in self.held.items() if each
        )

    def carries(self, symbol: str, quantity: float, price: float) -> bool:
        others = [
            each * self.last_close[name]
            for name, each in self.held.items()
            if each and name != symbol
        ]
        after = (self.held[symbol] + quantity) * price
        equity = self.cash_after(quantity, price) + sum(others) + after
        gross = sum(map(abs, others)) + abs(after)
        return gross <= self.settings.max_leverage * equity + 1e-13 * gross

    def affordable(self, wanted: float, price: float) -> float:
        if self.cash_after(wanted, price) >= 0:
            return wanted
        if self.lot:
            lots = int(wanted / self.lot + 1e-9)
            while lots and self.cash_after(lots * self.lot, price) < 0:
                lots -= 1
            return lots * self.lot
        enough, too_much = 0.0, wanted
        for _ in range(200):
            middle = (enough + too_much) / 2
            if self.cash_after(middle, price) >= 0:
                enough = middle
            else:
                too_much = middle
        return enough
