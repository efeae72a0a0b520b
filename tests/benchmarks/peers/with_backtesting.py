"""backtesting.py: a ``Strategy`` with two indicators, as its tutorial has it."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy  # type: ignore[import-not-found]  # its environment's
from backtesting.lib import crossover  # type: ignore[import-not-found]

from tests.benchmarks.peers.conversation import (
    CAPITAL,
    COMMISSION,
    LONG,
    SHORT,
    Prices,
    Run,
    converse,
)


def _mean(values: Any, period: int) -> Any:
    return pd.Series(values).rolling(period).mean()


class Crossing(Strategy):  # type: ignore[misc]
    """All in above, flat below."""

    def init(self) -> None:
        self.fast = self.I(_mean, self.data.Close, SHORT)
        self.slow = self.I(_mean, self.data.Close, LONG)

    def next(self) -> None:
        if crossover(self.fast, self.slow):
            self.buy()
        elif crossover(self.slow, self.fast):
            self.position.close()


class WholeShares(Crossing):
    """Our rules: sized by the close it is decided at, in whole shares, half of the account.

    All in, an order that the next open makes too dear is dropped here and cut there. And the first
    bar on which both indicators are known would be skipped, were they unknown before it.
    """

    def init(self) -> None:
        self.fast, self.slow = (
            self.I(lambda close, period=period: _mean(close, period).fillna(0.0), self.data.Close)
            for period in (SHORT, LONG)
        )

    def next(self) -> None:
        fast, slow = self.fast[-1], self.slow[-1]
        above = slow > 0.0 and fast - slow > 1e-9 * slow
        if above and not self.position:
            self.buy(size=int(0.5 * self.equity / self.data.Close[-1]))
        elif not above and self.position:
            self.position.close()


def _backtest(strategy: type[Crossing]) -> Callable[[Prices], Run]:
    def prepare(prices: Prices) -> Run:
        warnings.simplefilter("ignore")
        names = ("open", "high", "low", "close", "volume")
        frame = pd.DataFrame({name.title(): np.asarray(prices[name]) for name in names})
        frame.index = pd.to_datetime(prices["timestamp"], unit="us")

        def run() -> Callable[[], float]:
            backtest = Backtest(frame, strategy, cash=CAPITAL, commission=COMMISSION)
            equity = backtest.run()["Equity Final [$]"]
            return lambda: float(equity)

        return run

    return prepare


if __name__ == "__main__":
    converse({"strategy": _backtest(Crossing), "whole shares": _backtest(WholeShares)})
