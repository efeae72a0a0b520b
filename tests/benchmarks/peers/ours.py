"""Our side of each comparison: a crossing of means, from bars to the equity of every row."""

from collections.abc import Sequence
from itertools import pairwise
from time import perf_counter

import msgspec
import numpy as np
import polars as pl

from domain.engine import kernel
from domain.engine.account import Account, Market
from domain.engine.buffers import Buffers
from domain.engine.course import Course, Scenario, changes_on, costs_of
from domain.engine.event_course import EventCourse
from domain.engine.signal_course import SignalCourse
from domain.engine.simulate import tick_rows
from domain.engine.targets import target_weights
from domain.engine.timeline import align
from domain.indicators import sma
from domain.market.actions import Actions
from domain.market.bars import Bars, Floats, read_only
from domain.market.resolution import Resolution
from domain.market.sessions import last_of_day, session_days
from domain.runs.request import BacktestRequest, Execution, StrategySpec, normalise
from domain.strategies.base import PositionSize, SignalStrategy
from domain.strategies.event import Context, EventStrategy, Indicator
from domain.strategies.kinds import Strategy
from domain.strategies.ma_crossover import MovingAverageCrossover
from tests.benchmarks.peers.conversation import CAPITAL, COMMISSION, LONG, SHORT
from tests.benchmarks.peers.peer import Timed

CROSSOVER = MovingAverageCrossover(short_period=SHORT, long_period=LONG)


class InPolars(SignalStrategy, frozen=True):
    """The same as a user of polars would write it."""

    position_size: PositionSize = 1.0

    def targets(self, bars: Bars, symbols: int) -> pl.Expr:
        """Weights as an expression."""
        fast, slow = (pl.col("close").rolling_mean(period) for period in (SHORT, LONG))
        above = fast > slow * (1.0 + 1e-9)
        return pl.when(above).then(self.position_size / symbols).otherwise(0.0)


class BarByBar(EventStrategy):
    """The same as an event strategy: all in above, flat below."""

    position_size: PositionSize = 1.0

    def on_start(self, context: Context) -> None:
        """Declare both means."""
        (symbol,) = context.symbols
        self.symbol = symbol
        self.fast: Indicator = context.indicator(symbol, lambda bars: sma(bars.close, SHORT))
        self.slow: Indicator = context.indicator(symbol, lambda bars: sma(bars.close, LONG))
        self.invested = False

    def on_bar(self, context: Context) -> None:
        """Compare them, and order where the answer has changed."""
        slow = self.slow.now
        above = self.fast.now - slow > 1e-9 * slow
        if above == self.invested:
            return
        self.invested = above
        if above:
            wanted = self.position_size * context.equity / context.price(self.symbol)
            context.buy(self.symbol, wanted)
        elif held := context.position(self.symbol):
            context.sell(self.symbol, held)


def timed(strategy: Strategy, bars: Sequence[Bars], lot_size: float | None = None) -> Timed:
    """Simulate a strategy over bars of the same symbols and times, from bars to equity.

    Signals, kernel, and the tables of the tape; without its encoding, the metrics and the log.
    """
    request = _request(bars, Execution(commission_bps=COMMISSION * 1e4, lot_size=lot_size))
    nothing = [Actions.none(each.symbol) for each in bars]
    start = perf_counter()
    scenario = Scenario(request, bars, [0] * len(bars), nothing)
    course: Course
    if isinstance(strategy, SignalStrategy):
        course = SignalCourse(strategy, scenario)
    else:
        course = EventCourse(msgspec.structs.replace(strategy), scenario)
    equity = _equity(course)
    return Timed(perf_counter() - start, float(equity[-1]))


def kernel_timed(strategy: SignalStrategy, bars: Sequence[Bars]) -> Timed:
    """The same as ``timed`` without the tables: fills and orders stay arrays, as vectorbt's do."""
    request = _request(bars, Execution(commission_bps=COMMISSION * 1e4))
    start = perf_counter()
    symbols = len(bars)
    timeline = align(bars, [target_weights(strategy, each, symbols) for each in bars])
    moments = timeline.timestamp
    days = read_only(session_days(moments, request.resolution, request.timezone))
    market = Market(
        timestamp=moments,
        open=timeline.open,
        close=timeline.close,
        volume=timeline.volume,
        target=timeline.target,
        period=read_only(np.zeros(len(moments), np.int64)),
        snapshot=read_only(last_of_day(days)),
    )
    changes = changes_on(days, [Actions.none(each.symbol) for each in bars])
    account, costs = Account.open(request.initial_capital, symbols, 0), costs_of(request)
    cash, positions = np.empty(len(moments)), np.empty(len(moments))
    ticks = tick_rows(len(moments))
    most = max(last - first for first, last in pairwise([0, *ticks]))
    buffers = Buffers.room_for(most, symbols, 0, borrows=False)  # reused, as ``SignalCourse`` does
    first = 0
    for last in ticks:
        buffers.clear()
        kernel.run(market, costs, account, changes, cash, positions, buffers, first, last)
        first = last
    equity = cash + positions
    return Timed(perf_counter() - start, float(equity[-1]))


def _equity(course: Course) -> Floats:
    rows = len(course.timeline.timestamp)
    equity = np.empty(rows)
    start = 0
    for stop in tick_rows(rows):
        stretch = course.advance(start, stop)
        equity[start:stop] = stretch.cash + stretch.positions
        start = stop
    return equity


def _request(bars: Sequence[Bars], execution: Execution) -> BacktestRequest:
    step = int(np.diff(bars[0].timestamp[:2])[0]) if len(bars[0]) > 1 else 0
    coarse_first = sorted(Resolution, key=lambda each: -each.microseconds)
    return normalise(
        BacktestRequest(
            symbols=[each.symbol for each in bars],
            start_date="1980-01-01",
            end_date="2100-01-01",
            resolution=next(each for each in coarse_first if each.microseconds <= step),
            strategy=StrategySpec("ma_crossover"),
            execution=execution,
            initial_capital=CAPITAL,
        )
    )
