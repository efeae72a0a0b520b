"""A sweep in process, every metric of every trial, against a loop that only trades."""

from statistics import median
from time import perf_counter

import msgspec
import numpy as np

from domain.compiled import compiled
from domain.market.bars import Bars, Floats
from domain.market.resolution import Resolution
from domain.optimizations.evaluation import Evaluator
from domain.optimizations.outcome import Outcome
from domain.optimizations.request import OptimizationRequest, normalise
from domain.optimizations.search_space import SearchSpace
from domain.runs.manifest import Provided
from domain.runs.request import BacktestRequest, Execution, StrategySpec
from tests.benchmarks.peers import prices
from tests.benchmarks.peers.conversation import CAPITAL, COMBINATIONS, COMMISSION
from tests.benchmarks.table import Row, spread

ROUNDS = 15
DAYS, MINUTES = 2_520, 50_000


def rows() -> list[Row]:
    """Ten years of days, and a month of minutes, by turns with the yardstick."""
    return [
        _row(f"{DAYS:,} days", prices.days(1, DAYS)[0], Resolution.DAY),
        _row(f"{MINUTES:,} minutes", prices.minutes(MINUTES), Resolution.MINUTE),
    ]


def request_over(bars: Bars, resolution: Resolution) -> OptimizationRequest:
    """A sweep over both periods of a crossing of means, in the account of the comparisons."""
    shorts, longs = (sorted({pair[side] for pair in COMBINATIONS}) for side in (0, 1))
    space = {
        "parameters": [
            {"name": "short_period", "kind": "choice", "values": shorts},
            {"name": "long_period", "kind": "choice", "values": longs},
        ]
    }
    return normalise(
        OptimizationRequest(
            name="crossings",
            search_space=msgspec.convert(space, SearchSpace),
            max_trials=len(COMBINATIONS),
            base_backtest=BacktestRequest(
                symbols=[bars.symbol],
                start_date="1980-01-01",
                end_date="2100-01-01",
                resolution=resolution,
                strategy=StrategySpec("ma_crossover"),
                execution=Execution(commission_bps=COMMISSION * 1e4),
                initial_capital=CAPITAL,
            ),
        )
    )


def evaluated(request: OptimizationRequest, bars: Bars) -> list[Outcome]:
    """Every combination, from bars that nobody has looked at yet to the metrics of the last."""
    trials = [
        (number, {"short_period": short, "long_period": long})
        for number, (short, long) in enumerate(COMBINATIONS)
    ]
    evaluator = Evaluator(request, {bars.symbol: Provided(bars, "catalog")})
    return [outcome for batch in evaluator.evaluate(trials) for outcome in batch]


def _row(what: str, bars: Bars, resolution: Resolution) -> Row:
    request = request_over(bars, resolution)
    periods = np.array(COMBINATIONS)
    final = np.empty(len(periods))
    values = np.array([each.full["final_value"] for each in evaluated(request, bars) if each.full])
    _by_hand(bars.open, bars.close, CAPITAL, COMMISSION, periods, final)
    assert np.allclose(values, final, rtol=1e-6), "the yardstick simulates something else"
    ours, by_hand = [], []
    for _ in range(ROUNDS):
        start = perf_counter()
        evaluated(request, bars)
        between = perf_counter()
        _by_hand(bars.open, bars.close, CAPITAL, COMMISSION, periods, final)
        ours.append(len(periods) / (between - start))
        by_hand.append(len(periods) / (perf_counter() - between))
    ratio = median(mine / bare for mine, bare in zip(ours, by_hand, strict=True))
    return Row(
        f"sweep: {len(periods)} crossings of means over {what}, all metrics",
        f"{spread(ours)} trials/s",
        f"{spread(by_hand)}, numba by hand, final equity alone",
        f"{ratio:.0%}",
        "",
        True,
    )


@compiled
def _by_hand(
    opens: Floats,
    closes: Floats,
    capital: float,
    commission: float,
    periods: np.ndarray,
    final: Floats,
) -> None:
    for number in range(len(periods)):
        short, long = periods[number, 0], periods[number, 1]
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
            fast += close - (closes[t - short] if t >= short else 0.0)
            slow += close - (closes[t - long] if t >= long else 0.0)
            if t >= long - 1:
                gap = fast / short - slow / long
                above = gap > 1e-9 * slow / long
                if above != invested:
                    invested, waiting = above, True
                    wanted = (cash + position * close) / close
        final[number] = cash + position * closes[len(closes) - 1]
