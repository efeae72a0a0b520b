"""Strategies in Python that are called bar by bar, from bars to equity and the tape's tables."""

from collections.abc import Callable

from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.strategies.event import Context, EventStrategy
from tests.benchmarks.peers.ours import BarByBar, timed
from tests.benchmarks.table import Row, spread
from tests.domain.engine.building import MONDAY

BARS = 500_000
ROUNDS = 7
FLOOR = 366_000  # three times what backtesting.py does


class Resting(EventStrategy):
    """A limit order that waits all the time, far away: every bar has to be looked at."""

    def on_bar(self, context: Context) -> None:
        """Order once."""
        if not context.orders:
            context.buy(context.symbols[0], 1.0, limit=1e-6)


class Looking(EventStrategy):
    """Looks at the account and at a window of prices at every bar, and never trades."""

    def on_bar(self, context: Context) -> None:
        """Look."""
        close = context.bars(context.symbols[0]).close[-20:]
        if context.equity < 0.0 or close[-1] < 0.0:
            context.log("impossible")


def rows() -> list[Row]:
    """Half a million bars of one symbol, warm."""
    step = Resolution.MINUTE.microseconds
    made = synthetic_bars("BTC/USDT", Resolution.MINUTE, MONDAY, MONDAY + BARS * step)
    bars = Bars(made.symbol, *(getattr(made, name)[:BARS].copy() for name in COLUMNS))
    return [
        _row("SMA 10/30, orders at every crossing", BarByBar, bars),
        _row("a limit order that rests", Resting, bars),
        _row("equity and 20 closes looked at", Looking, bars),
    ]


def _row(what: str, strategy: Callable[[], EventStrategy], bars: Bars) -> Row:
    timed(strategy(), [bars])
    rates = [BARS / timed(strategy(), [bars]).seconds for _ in range(ROUNDS)]
    return Row(
        f"event strategy, {BARS:,} bars: {what}",
        f"{spread(rates)} bars/s",
        "",
        "",
        f">= {FLOOR:,} bars/s",
        max(rates) >= FLOOR,
    )
