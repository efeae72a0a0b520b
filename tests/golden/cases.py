"""The golden runs: between them every order type, account rule, kind of strategy and table."""

from typing import Any, NamedTuple

import numpy as np

from domain.market.bars import COLUMNS
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.runs.request import BacktestRequest, Execution, StrategySpec
from tests.golden.recording import Inputs

MONDAY = 19_723 * MICROSECONDS_PER_DAY  # 2024-01-01
ROWS = 150

SHORTS = '''\
"""Long after a rise, short after a fall."""

import numpy as np

from domain.market.bars import Bars, Floats
from domain.strategies.base import SignalStrategy


class Follow(SignalStrategy, frozen=True):
    """Follows the last ten bars, with half of each symbol's share more than there is."""

    def targets(self, bars: Bars, symbols: int) -> Floats:
        weights = np.full(len(bars), np.nan)
        weights[10:] = 1.5 * np.sign(bars.close[10:] - bars.close[:-10]) / symbols
        return weights
'''

ORDERS = '''\
"""Every kind of order, one after the other."""

from domain.strategies.event import Context, EventStrategy, Fill


class Everything(EventStrategy):
    """Places, amends and cancels; hears of its fills; logs and records."""

    def on_start(self, context: Context) -> None:
        self.bar = 0

    def on_fill(self, context: Context, fill: Fill) -> None:
        context.log(f"{fill.quantity:+g} at {fill.price:.4f} ({fill.rule})")

    def on_bar(self, context: Context) -> None:
        symbol, price = "A", context.price("A")
        context.record("price", price)
        match self.bar % 12:
            case 0:
                context.buy(symbol, 20.0, reasoning="to have some", confidence=70)
            case 1:
                context.buy(symbol, 10.0, limit=price * 0.99)
            case 2:
                context.sell(symbol, 5.0, stop=price * 0.98, time_in_force="day")
            case 3:
                context.sell(symbol, 5.0, limit=price * 1.005, time_in_force="ioc")
            case 4:
                context.buy(symbol, 3.0, stop=price * 1.002, limit=price * 1.01)
            case 5:
                context.buy(symbol, 1e6, limit=price * 2, time_in_force="fok")
            case 6:
                for order in context.orders:
                    context.amend(order, quantity=abs(order.quantity) + 1.0)
            case 9:
                self.leave(context, symbol)
            case _:
                pass
        self.bar += 1

    def leave(self, context: Context, symbol: str) -> None:
        for order in context.orders:
            context.cancel(order)
        if held := context.position(symbol):
            context.sell(symbol, held)
'''


class Case(NamedTuple):
    """A run to keep, with the source of its strategy where that is not built in."""

    inputs: Inputs
    strategy: str | None = None


def cases() -> dict[str, Case]:
    """Every run by name."""
    return {
        "costs": Case(
            _inputs(
                ["A"],
                StrategySpec("ma_crossover", {"short_period": 3, "long_period": 8}),
                Execution(
                    commission_per_share=0.01, commission_minimum=1.0, slippage_bps=5, lot_size=10
                ),
                benchmark="B",
            )
        ),
        "holes": Case(
            _inputs(
                ["A", "B", "C"],
                StrategySpec("momentum", {"lookback": 5}),
                Execution(commission_bps=5, latency_ms=3_600_000, rebalance="weekly"),
                resolution=Resolution.HOUR,
                holes=True,
                timezone="America/New_York",
            )
        ),
        "margin": Case(
            _inputs(
                ["A", "B"],
                StrategySpec("follow"),
                Execution(commission_bps=5, allow_short=True, max_leverage=2, borrow_bps=300),
            ),
            SHORTS,
        ),
        "actions": Case(
            _inputs(
                ["A", "B"],
                StrategySpec("ma_crossover", {"short_period": 3, "long_period": 8}),
                Execution(commission_bps=5, slippage_bps=2),
                acting=True,
            )
        ),
        "ticks": Case(
            _inputs(
                ["A"],
                StrategySpec("rsi", {"period": 5}),
                Execution(commission_bps=5, max_volume_participation=0.1),
                resolution=Resolution.TICK,
            )
        ),
        "orders": Case(
            _inputs(
                ["A"],
                StrategySpec("everything"),
                Execution(
                    commission_bps=5,
                    slippage_bps=2,
                    latency_ms=60_000,
                    max_volume_participation=0.2,
                ),
                resolution=Resolution.HOUR,
            ),
            ORDERS,
        ),
        "target_weights": Case(
            _inputs(["A", "B", "C"], StrategySpec("target_weights"), Execution(commission_bps=5))
        ),
        "risk_parity": Case(
            _inputs(
                ["A", "B", "C"],
                StrategySpec("risk_parity", {"lookback": 20}),
                Execution(commission_bps=5),
                holes=True,
            )
        ),
    }


def _inputs(
    symbols: list[str],
    strategy: StrategySpec,
    execution: Execution,
    *,
    resolution: Resolution = Resolution.DAY,
    benchmark: str | None = None,
    holes: bool = False,
    acting: bool = False,
    timezone: str = "UTC",
) -> Inputs:
    random = np.random.default_rng(20_240_101)
    quoted = [*symbols, *([benchmark] if benchmark else [])]
    bars = {symbol: _walk(random, resolution, holes=holes) for symbol in quoted}
    request = BacktestRequest(
        symbols=symbols,
        start_date="2024-01-01",
        end_date="2025-01-01",
        resolution=resolution,
        strategy=strategy,
        execution=execution,
        initial_capital=100_000.0,
        benchmark_symbol=benchmark,
        timezone=timezone,
    )
    return Inputs(request, bars, {"A": _split(bars["A"])} if acting else {})


def _walk(random: Any, resolution: Resolution, *, holes: bool) -> dict[str, list[float]]:
    step = resolution.microseconds or 250_000
    times = MONDAY + step * np.arange(ROWS)
    if resolution is Resolution.TICK:
        times = times // 1_000_000 * 1_000_000  # four share a moment
    closes = np.round(100 * np.exp(np.cumsum(random.normal(0.0, 0.02, ROWS))), 2)
    opens = np.round(closes * np.exp(random.normal(0.0, 0.01, ROWS)), 2)
    if resolution is Resolution.TICK:
        opens = closes
    high = np.round(np.maximum(opens, closes) * (1.0 if opens is closes else 1.005), 2)
    low = np.round(np.minimum(opens, closes) / (1.0 if opens is closes else 1.005), 2)
    volume = np.round(random.uniform(0.0, 2_000.0, ROWS))
    kept = random.uniform(size=ROWS) > 0.2 if holes else np.full(ROWS, fill_value=True)
    columns = (times, opens, high, low, closes, volume)
    return {name: column[kept].tolist() for name, column in zip(COLUMNS, columns, strict=True)}


def _split(bars: dict[str, list[float]]) -> dict[str, list[float]]:
    """Two for one at bar 40, a dividend at bar 80, three for one with a dividend at bar 110."""
    for name in COLUMNS[1:]:
        for row, value in enumerate(bars[name]):
            ratio = (2.0 if row >= 40 else 1.0) * (3.0 if row >= 110 else 1.0)
            bars[name][row] = value * ratio if name == "volume" else value / ratio
    return {
        "timestamp": [bars["timestamp"][row] for row in (40, 80, 110)],
        "split": [2.0, 1.0, 3.0],
        "dividend": [0.0, 0.5, 0.25],
    }
