"""backtrader: a ``Strategy`` on its own indicators in a ``Cerebro``."""

from collections.abc import Callable

import backtrader as bt  # type: ignore[import-untyped,import-not-found,unused-ignore]
import pandas as pd

from tests.benchmarks.peers.conversation import (
    CAPITAL,
    COMBINATIONS,
    COMMISSION,
    FEW,
    LONG,
    SHORT,
    Prices,
    Run,
    converse,
)


class Crossing(bt.Strategy):  # type: ignore[misc]
    """All in above, flat below."""

    params = (("short", SHORT), ("long", LONG))

    def __init__(self) -> None:
        fast = bt.ind.SMA(self.data.close, period=self.p.short)
        slow = bt.ind.SMA(self.data.close, period=self.p.long)
        self.crossing = bt.ind.CrossOver(fast, slow)

    def next(self) -> None:
        if self.crossing > 0:
            self.order_target_percent(target=0.99)
        elif self.crossing < 0:
            self.close()


def _ran(frame: pd.DataFrame, short: int, long: int) -> bt.Cerebro:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.addstrategy(Crossing, short=short, long=long)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.broker.setcash(CAPITAL)
    cerebro.broker.setcommission(commission=COMMISSION)
    cerebro.run()
    return cerebro


def _frame(prices: Prices) -> pd.DataFrame:
    names = ("open", "high", "low", "close", "volume")
    frame = pd.DataFrame({name: prices[name] for name in names})
    frame.index = pd.to_datetime(prices["timestamp"], unit="us")
    return frame


def _cerebro(prices: Prices) -> Run:
    frame = _frame(prices)

    def run() -> Callable[[], float]:
        cerebro = _ran(frame, SHORT, LONG)
        return lambda: float(cerebro.broker.getvalue())

    return run


def _sweep(prices: Prices) -> Run:
    """The first few combinations, without any metric."""
    frame = _frame(prices)

    def run() -> Callable[[], float]:
        done = [_ran(frame, short, long) for short, long in COMBINATIONS[:FEW]]
        return lambda: float(done[0].broker.getvalue())

    return run


if __name__ == "__main__":
    converse({"cerebro": _cerebro, "sweep": _sweep})
