"""From bars to equity, against a hand-written loop that does the same and nothing else."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

from domain.compiled import compiled
from domain.engine import kernel
from domain.engine.account import Account, Market
from domain.engine.buffers import Buffers
from domain.engine.course import changes_on, costs_of
from domain.engine.simulate import simulate, tick_rows
from domain.engine.targets import target_weights
from domain.engine.timeline import align
from domain.market.actions import Actions
from domain.market.bars import COLUMNS, Bars, Floats, read_only
from domain.market.resolution import Resolution
from domain.market.sessions import last_of_day, session_days
from domain.market.synthetic import synthetic_bars
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest, Execution, StrategySpec, normalise
from domain.strategies.ma_crossover import MovingAverageCrossover
from tests.benchmarks.table import Row, spread

BARS = 500_000
SHORT, LONG = 10, 30
ROUNDS = 21
FLOOR = 20e6
REQUEST = normalise(
    BacktestRequest(
        symbols=["BTC/USDT"],
        start_date="2023-01-01",
        end_date="2024-01-01",
        resolution=Resolution.MINUTE,
        strategy=StrategySpec("ma_crossover", {"short_period": SHORT, "long_period": LONG}),
        execution=Execution(commission_bps=5.0),
        data_source="synthetic",
    )
)


def rows() -> list[Row]:
    """Half a million bars of one symbol, warm, by turns with the yardsticks."""
    bars = _bars()
    runs: list[Callable[[], Floats]] = [
        lambda: _equity(bars),
        lambda: _by_hand(bars.open, bars.close, REQUEST.initial_capital, SHORT, LONG, 5e-4),
        lambda: np.array([bars.open.sum() + bars.close.sum()]),
    ]
    assert np.allclose(runs[0](), runs[1](), rtol=1e-9), "the yardstick simulates something else"
    rates = [[BARS / _seconds(run) / 1e6 for run in runs] for _ in range(ROUNDS)]
    ours, by_hand, reading = zip(*rates, strict=True)
    manifest = describe(REQUEST, [Provided(bars, "synthetic")], None, [])
    whole = [BARS / _seconds(lambda: list(simulate(manifest, [bars]))) / 1e6 for _ in range(5)]
    what = f"{BARS:,} bars, SMA {SHORT}/{LONG}"
    speed = f"{spread(ours, '.1f')} million bars/s"
    return [
        Row(
            f"kernel, signals included: {what}",
            speed,
            f"{spread(by_hand, '.0f')}, numba by hand in one pass",
            f"{median(mine / other for mine, other, _ in rates):.0%}",
            f">= {FLOOR / 1e6:.0f} million bars/s",
            median(ours) * 1e6 >= FLOOR,
        ),
        Row(
            "the same",
            speed,
            f"{spread(reading, '.0f')}, NumPy reading both columns",
            f"{median(mine / other for mine, _, other in rates):.0%}",
            "",
            True,
        ),
        Row(
            f"whole simulation with its tape: {what}",
            f"{spread(whole, '.1f')} million bars/s",
            f"{median(ours):.1f}, the kernel",
            f"{median(whole) / median(ours):.0%}",
            "",
            True,
        ),
    ]


def _bars() -> Bars:
    made = synthetic_bars("BTC/USDT", Resolution.MINUTE, REQUEST.start, REQUEST.end)
    return Bars(made.symbol, *(getattr(made, name)[:BARS].copy() for name in COLUMNS))


def _seconds(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def _equity(bars: Bars) -> Floats:
    """What ``simulate`` does from bars to equity, tape and metrics left out."""
    strategy = MovingAverageCrossover(short_period=SHORT, long_period=LONG)
    timeline = align([bars], [target_weights(strategy, bars, 1)])
    days = session_days(timeline.timestamp, REQUEST.resolution, REQUEST.timezone)
    market = Market(
        timestamp=timeline.timestamp,
        open=timeline.open,
        close=timeline.close,
        volume=timeline.volume,
        target=timeline.target,
        period=read_only(np.zeros(BARS, np.int64)),
        snapshot=read_only(last_of_day(days)),
    )
    account = Account.open(REQUEST.initial_capital, 1, 0)
    costs, changes = costs_of(REQUEST), changes_on(days, [Actions.none("BTC/USDT")])
    cash, positions = np.empty(BARS), np.empty(BARS)
    buffers = Buffers.room_for(BARS // 100, 1, 0, borrows=False)
    start = 0
    for stop in tick_rows(BARS):
        buffers.clear()
        kernel.run(market, costs, account, changes, cash, positions, buffers, start, stop)
        start = stop
    return cash + positions


@compiled
def _by_hand(
    opens: Floats, closes: Floats, capital: float, short: int, long: int, commission: float
) -> Floats:
    equity = np.empty(len(closes))
    cash, position, wanted, invested, waiting = capital, 0.0, 0.0, False, False
    fast, slow = 0.0, 0.0
    for t in range(len(closes)):
        if waiting:
            price, waiting = opens[t], False
            if invested:
                position = min(wanted, cash / (price * (1.0 + commission)))
                cash -= position * price * (1.0 + commission)
            else:
                cash += position * price * (1.0 - commission)
                position = 0.0
        close = closes[t]
        equity[t] = cash + position * close
        fast += close - (closes[t - short] if t >= short else 0.0)
        slow += close - (closes[t - long] if t >= long else 0.0)
        if t >= long - 1:
            gap = fast / short - slow / long
            above = gap > 1e-9 * slow / long
            if above != invested:
                invested, waiting = above, True
                wanted = equity[t] / close
    return equity
