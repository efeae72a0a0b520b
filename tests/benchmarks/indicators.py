"""Indicators beside TA-Lib's, and signals as strategies make them, on half a million bars."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import polars as pl
import talib

from domain.engine.targets import target_weights
from domain.indicators import atr, bollinger, donchian, ema, macd, momentum, rsi, sma, wma
from domain.market.bars import COLUMNS, Bars, Floats
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.strategies.base import SignalStrategy
from domain.strategies.bollinger_breakout import BollingerBreakout
from domain.strategies.donchian_breakout import DonchianBreakout
from domain.strategies.ma_crossover import MovingAverageCrossover
from domain.strategies.macd import ConvergenceDivergence
from tests.benchmarks.table import Row, spread

BARS = 500_000
ROUNDS = 21
YEAR_2023 = 1_672_531_200_000_000, 1_704_067_200_000_000


class Expression(SignalStrategy, frozen=True):
    """SMA 10 above 30, as those write it who think in polars."""

    def targets(self, bars: Bars, symbols: int) -> Floats | pl.Expr:
        fast, slow = pl.col("close").rolling_mean(10), pl.col("close").rolling_mean(30)
        return pl.when(fast > slow * (1 + 1e-9)).then(1.0 / symbols).otherwise(0.0)


SIGNALS: dict[str, SignalStrategy] = {
    "ma_crossover 10/30": MovingAverageCrossover(),
    "macd 12/26/9": ConvergenceDivergence(),
    "donchian_breakout 20/10": DonchianBreakout(),
    "bollinger_breakout 20": BollingerBreakout(),
    "a polars expression, SMA 10/30": Expression(),
}


def rows() -> list[Row]:
    """Million bars a second, warm, ours and theirs by turns."""
    bars = _bars()
    return [
        *(_beside(f"indicator: {name}", *pair) for name, pair in _pairs(bars).items()),
        *(_signals(name, strategy, bars) for name, strategy in SIGNALS.items()),
    ]


def _pairs(bars: Bars) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    high, low, close = (column.copy() for column in (bars.high, bars.low, bars.close))
    return {
        "sma 30": (lambda: sma(close, 30), lambda: talib.SMA(close, 30)),
        "wma 30": (lambda: wma(close, 30), lambda: talib.WMA(close, 30)),
        "ema 30": (lambda: ema(close, 30), lambda: talib.EMA(close, 30)),
        "rsi 14": (lambda: rsi(close, 14), lambda: talib.RSI(close, 14)),
        "atr 14": (lambda: atr(high, low, close, 14), lambda: talib.ATR(high, low, close, 14)),
        "macd 12/26/9": (lambda: macd(close, 12, 26, 9), lambda: talib.MACD(close, 12, 26, 9)),
        "momentum 20": (lambda: momentum(close, 20), lambda: talib.ROCP(close, 20)),
        "bollinger 20": (lambda: bollinger(close, 20, 2.0), lambda: talib.BBANDS(close, 20)),
        "donchian 20": (
            lambda: donchian(high, low, 20),
            lambda: (talib.MAX(high, 20), talib.MIN(low, 20)),
        ),
    }


def _beside(what: str, ours: Callable[[], object], theirs: Callable[[], object]) -> Row:
    rates = [(_rate(ours), _rate(theirs)) for _ in range(ROUNDS)]
    mine, other = zip(*rates, strict=True)
    return Row(
        what,
        f"{spread(mine, '.0f')} million bars/s",
        f"{spread(other, '.0f')}, TA-Lib",
        f"{median(a / b for a, b in rates):.0%}",
        "",
        True,
    )


def _signals(name: str, strategy: SignalStrategy, bars: Bars) -> Row:
    rates = [_rate(lambda: target_weights(strategy, bars, 1)) for _ in range(ROUNDS)]
    return Row(f"signals: {name}", f"{spread(rates, '.0f')} million bars/s", "", "", "", True)


def _rate(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return BARS / (perf_counter() - start) / 1e6


def _bars() -> Bars:
    made = synthetic_bars("BTC/USDT", Resolution.MINUTE, *YEAR_2023)
    return Bars(made.symbol, *(getattr(made, name)[:BARS].copy() for name in COLUMNS))
