"""backtrader: a ``Strategy`` on its own indicators in a ``Cerebro``."""

from collections.abc import Callable

import backtrader as bt  # type: ignore[import-untyped,import-not-found,unused-ignore]
import pandas as pd

from tests.benchmarks.peers.conversation import (
    CAPITAL,
    COMMISSION,
    LONG,
    SHORT,
    Prices,
    Run,
    converse,
)


class Crossing(bt.Strategy):  # type: ignore[misc]
    """All in above, flat below."""

    def __init__(self) -> None:
        fast = bt.ind.SMA(self.data.close, period=SHORT)
        slow = bt.ind.SMA(self.data.close, period=LONG)
        self.crossing = bt.ind.CrossOver(fast, slow)

    def next(self) -> None:
        if self.crossing > 0:
            self.order_target_percent(target=0.99)
        elif self.crossing < 0:
            self.close()


def _cerebro(prices: Prices) -> Run:
    names = ("open", "high", "low", "close", "volume")
    frame = pd.DataFrame({name: prices[name] for name in names})
    frame.index = pd.to_datetime(prices["timestamp"], unit="us")

    def run() -> Callable[[], float]:
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.addstrategy(Crossing)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame))
        cerebro.broker.setcash(CAPITAL)
        cerebro.broker.setcommission(commission=COMMISSION)
        cerebro.run()
        return lambda: float(cerebro.broker.getvalue())

    return run


if __name__ == "__main__":
    converse({"cerebro": _cerebro})
