"""bt: target weights where they change, and a rebalance."""

from collections.abc import Callable

import bt  # type: ignore[import-not-found,import-untyped,unused-ignore]
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


def _algos(prices: Prices) -> Run:
    closes = pd.DataFrame({"x": prices["close"]})
    closes.index = pd.to_datetime(prices["timestamp"], unit="us")

    def run() -> Callable[[], float]:
        above = closes.rolling(SHORT).mean() > closes.rolling(LONG).mean()
        weights = above.astype(float)[above["x"].astype(float).diff().fillna(0.0) != 0.0]
        strategy = bt.Strategy("crossing", [bt.algos.WeighTarget(weights), bt.algos.Rebalance()])
        backtest = bt.Backtest(
            strategy,
            closes,
            initial_capital=CAPITAL,
            commissions=lambda quantity, price: abs(quantity) * price * COMMISSION,
            progress_bar=False,
        )
        backtest.run()
        return lambda: float(backtest.strategy.value)

    return run


if __name__ == "__main__":
    converse({"algos": _algos})
