"""A trial's metrics are those of the backtest with its parameters, to the last bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from domain.errors import StrategyFailed
from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.strategies.code import Code
from tests.domain.engine.building import MONDAY, actions, quotes
from tests.domain.engine.cases import CAPITAL, Case, eventful_cases
from tests.domain.optimizations.evaluating import Sweep

DAY = 86_400_000_000


def walk(symbol: str, keep: float = 1.0, days: int = 400) -> Bars:
    """Synthetic days, some of them missing."""
    made = synthetic_bars(symbol, Resolution.DAY, MONDAY, MONDAY + days * DAY)
    kept = np.random.default_rng(len(symbol)).random(len(made)) < keep
    return Bars(symbol, *(np.ascontiguousarray(getattr(made, name)[kept]) for name in COLUMNS))


HOLED = [walk("A", 0.9), walk("BB", 0.5), walk("CCC")]
ACTED = [
    actions("A", (30, 2.0, 0.0), (90, 1.0, 0.4)),
    actions("BB", (50, 0.1, 1.25), (51, 3.0, 0.0), (300, 1.0, 2.0)),
    actions("CCC", (-5, 2.0, 0.0), (200, 1.5, 0.1)),
]
CROSSINGS = [{"short_period": short, "long_period": 2 * short + 3} for short in (1, 2, 5, 9, 40)]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"commission_bps": 7.0, "slippage_bps": 3.0, "commission_minimum": 0.35},
    {"lot_size": 1.0, "commission_per_share": 0.01},
    {"max_volume_participation": 0.0001, "capital": 1e9},
    {"latency_ms": 1e8, "rebalance": "weekly"},
    {"rebalance": "daily", "risk_free_rate": 0.03},
    {"allow_short": True, "max_leverage": 2.0, "borrow_bps": 300.0, "rebalance": "monthly"},
    {"timezone": "America/New_York", "risk_free_rate": -0.02},
]


@pytest.mark.parametrize("execution", SETTINGS, ids=lambda each: ",".join(each) or "free")
def test_with_any_costs_and_account(execution: dict[str, Any]) -> None:
    one = Sweep(HOLED[:1], "ma_crossover", varied=["short_period", "long_period"], **execution)
    assert len({outcome.value for outcome in one.assert_equal(*CROSSINGS)}) > 2
    many = Sweep(
        HOLED, "ma_crossover", varied=["short_period", "long_period"], actions=ACTED, warmup_bars=7,
        benchmark=walk("DDDD", 0.7), **execution,
    )  # fmt: skip
    (first, *_) = many.assert_equal(*CROSSINGS[:2])
    assert first.full is not None
    assert first.full["beta"] is not None


STRATEGIES: dict[str, list[dict[str, Any]]] = {
    "bollinger_breakout": [{"period": 5, "deviations": 1.0}, {"period": 20}],
    "buy_and_hold": [{"position_size": 0.5}, {}],
    "donchian_breakout": [{"entry_period": 7, "exit_period": 3}, {}],
    "macd": [{"fast_period": 3, "slow_period": 8}, {}],
    "mean_reversion": [{"period": 9, "entry_z": 1.0}, {"exit_z": -0.5}],
    "momentum": [{"lookback": 5}, {"lookback": 20, "threshold": 0.05}],
    "rsi": [{"period": 5}, {"oversold": 40.0}],
    "risk_parity": [{"lookback": 20}],
    "target_weights": [{"weights": {"A": 0.3, "CCC": 0.4}}],
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_of_every_built_in_strategy(name: str) -> None:
    points = STRATEGIES[name]
    varied = sorted({key for point in points for key in point})
    sweep = Sweep(HOLED, name, varied=varied, actions=ACTED, commission_bps=1.0)
    sweep.assert_equal(*points)


def test_where_the_account_and_the_symbols_vary() -> None:
    sweep = Sweep(
        HOLED,
        "ma_crossover",
        {"short_period": 3, "long_period": 8},
        varied=["symbols", "execution.warmup_bars", "execution.commission_bps", "short_period"],
        actions=ACTED,
        warmup_bars=30,
    )
    sweep.assert_equal(
        {"symbols": ["A"], "execution.warmup_bars": 0},
        {"symbols": ["CCC", "A"], "execution.warmup_bars": 12, "short_period": 2},
        {"symbols": ["BB"], "execution.commission_bps": 25.0},
        {"execution.warmup_bars": 0},
        {"short_period": 5, "execution.commission_bps": 25.0},
    )


SIGNAL = b"""
import numpy as np
from domain.indicators import sma
from domain.strategies.base import SignalStrategy

calls = []

class Mine(SignalStrategy, frozen=True):
    period: int = 5

    def targets(self, bars, symbols):
        mean = sma(bars.close, self.period)
        mean[: self.period + 2] = np.nan  # its own array, to do with as it likes
        calls.append(bars.symbol)
        early = 1.0 if calls.count(bars.symbol) == 1 else 0.25
        return np.where(bars.close > mean, early / symbols, 0.0)
"""
POLARS = b"""
import polars as pl
from domain.strategies.base import SignalStrategy

class Mine(SignalStrategy, frozen=True):
    period: int = 5

    def targets(self, bars, symbols):
        above = pl.col("close") > pl.col("close").rolling_mean(self.period)
        return pl.when(above).then(1.0 / symbols).otherwise(0.0)
"""
EXPLAINING = b"""
import numpy as np
from domain.strategies.base import Explanation, SignalStrategy

class Mine(SignalStrategy, frozen=True):
    period: int = 5

    def targets(self, bars, symbols):
        if self.period == 13:
            raise ValueError("unlucky")
        return np.where(np.arange(len(bars)) % self.period < 2, 0.5 / symbols, 0.0)

    def explain(self, bars, target):
        if self.period == 7:
            raise LookupError("no idea")
        return Explanation("because", 50.0)
"""
EVENT = b"""
from domain.indicators import ema
from domain.strategies.event import EventStrategy

class Mine(EventStrategy):
    period: int = 5

    def on_start(self, context):
        self.means = {
            symbol: context.indicator(symbol, lambda bars: ema(bars.close, self.period))
            for symbol in context.symbols
        }

    def on_bar(self, context):
        for symbol, mean in self.means.items():
            price, held = context.price(symbol), context.position(symbol)
            if context.orders:
                return
            if price > mean.now and not held:
                context.buy(symbol, 0.2 * context.equity / price, limit=price * 0.99)
            elif price < mean.now and held:
                context.sell(symbol, held, stop=price * 0.98)
"""


@pytest.mark.parametrize("source", [SIGNAL, POLARS, EXPLAINING, EVENT])
def test_of_a_users_own_strategy(source: bytes) -> None:
    code = Code("mine", "", source)
    sweep = Sweep(
        HOLED, "mine", varied=["period"], actions=ACTED, warmup_bars=6, code=code,
        commission_bps=2.0,
    )  # fmt: skip
    sweep.assert_equal({"period": 3}, {"period": 11}, {"period": 3})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(eventful_cases())
def test_of_random_weights_prices_and_accounts(case: Case) -> None:
    code = Code("scripted", "", SCRIPTED)
    script = {each.symbol: list(given) for each, given in zip(case.data, case.weights, strict=True)}
    sweep = Sweep(
        case.data, "scripted", {"weights": script}, actions=case.actions, code=code,
        capital=CAPITAL, rebalance=case.rebalance, **case.settings._asdict(),
    )  # fmt: skip
    sweep.assert_equal({})


SCRIPTED = b"""
import numpy as np
from domain.strategies.base import SignalStrategy

class Scripted(SignalStrategy, frozen=True):
    weights: dict[str, list[float | None]]

    def targets(self, bars, symbols):
        return np.array(self.weights[bars.symbol], dtype=np.float64)
"""


def test_where_there_are_too_many_rows_to_trade_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.optimizations.simulating.PLACES_TOGETHER_MAX", 100)
    monkeypatch.setattr("domain.optimizations.single.PLACES_AT_ONCE", 90)
    sweep = Sweep(HOLED, "ma_crossover", varied=["short_period", "long_period"], actions=ACTED)
    sweep.assert_equal(*CROSSINGS[:2])


@pytest.mark.parametrize("source", [SIGNAL, EXPLAINING, None])
def test_an_account_worth_more_than_can_be_fails_its_trial_as_its_backtest(
    source: bytes | None,
) -> None:
    growing = quotes("X", *((10.0**day,) * 4 for day in range(40)))
    code = Code("mine", "", source) if source else None
    sweep = Sweep([growing], "mine" if code else "buy_and_hold", code=code, capital=1e4)
    (outcome,) = sweep.outcomes([{"period": 2} if code else {}])
    with pytest.raises(StrategyFailed, match=r"^the account is worth ") as raised:
        sweep.backtest({"period": 2} if code else {})
    assert outcome.error == str(raised.value)


def test_of_ruin_and_of_a_single_day() -> None:
    fall = [(100.0, 100.0, 100.0, 100.0), (100.0, 100.0, 5.0, 5.0), (1.0, 1.0, 1.0, 1.0)]
    for bars in (quotes("X", *fall, *fall), quotes("X", fall[0])):
        sweep = Sweep(
            [bars], "buy_and_hold", varied=["position_size"], allow_short=True, max_leverage=10.0,
            commission_bps=900.0,
        )  # fmt: skip
        sweep.assert_equal({"position_size": 1.0}, {"position_size": 0.1})
