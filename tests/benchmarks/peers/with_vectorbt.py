"""vectorbt: crossings of its own moving averages into ``Portfolio.from_signals``.

Up to the equity at every bar, which the others all have by the time that they are done.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt  # type: ignore[import-not-found,unused-ignore]  # of its own environment

from tests.benchmarks.peers.conversation import (
    CAPITAL,
    COMBINATIONS,
    COMMISSION,
    LONG,
    SHORT,
    Prices,
    Run,
)
from tests.benchmarks.peers.conversation import converse as answer

# The first three are what most look at; all are of the metrics that each of our trials has.
FIGURES = (
    "total_return", "sharpe_ratio", "max_drawdown", "annualized_return", "annualized_volatility",
    "sortino_ratio", "calmar_ratio", "value_at_risk", "cond_value_at_risk",
)  # fmt: skip


def _crossover(fast: Any, slow: Any, opens: Any, closes: Any, **options: Any) -> Any:
    return vbt.Portfolio.from_signals(
        closes,
        entries=fast.ma_crossed_above(slow).vbt.signals.fshift(1),
        exits=fast.ma_crossed_below(slow).vbt.signals.fshift(1),
        price=opens,
        fees=COMMISSION,
        init_cash=CAPITAL,
        **options,
    )


def _signals(engine: str) -> Callable[[Prices], Run]:
    def prepare(prices: Prices) -> Run:
        # Naive times: those with a zone it converts one by one, at a sixtieth of the speed.
        index = pd.to_datetime(prices["timestamp"], unit="us")
        opens = pd.Series(prices["open"], index=index)
        closes = pd.Series(prices["close"], index=index)

        def run() -> Callable[[], float]:
            fast, slow = vbt.MA.run(closes, SHORT), vbt.MA.run(closes, LONG)
            portfolio = _crossover(fast, slow, opens, closes, engine=engine)
            equity = portfolio.value()
            return lambda: float(equity.iloc[-1])

        return run

    return prepare


def _targets(engine: str) -> Callable[[Prices], Run]:
    """Our rules: a target weight when it changes, sized by the close it was decided at."""

    def prepare(prices: Prices) -> Run:
        opens, closes = (np.atleast_2d(prices[name].T).T for name in ("open", "close"))
        index = pd.to_datetime(prices["timestamp"], unit="us")
        frame = pd.DataFrame(closes, index=index)

        def run() -> Callable[[], float]:
            fast = vbt.MA.run(frame, SHORT).ma.to_numpy()
            slow = vbt.MA.run(frame, LONG).ma.to_numpy()
            portfolio = vbt.Portfolio.from_orders(
                frame,
                size=_changes(fast, slow) / closes.shape[1],
                size_type="targetpercent",
                price=opens,
                val_price=np.vstack([opens[:1], closes[:-1]]),
                fees=COMMISSION,
                init_cash=CAPITAL,
                cash_sharing=True,
                group_by=True,
                call_seq="auto" if closes.shape[1] > 1 else None,
                engine=engine,
            )
            equity = portfolio.value()
            return lambda: float(equity.iloc[-1])

        return run

    return prepare


def _sweep(engine: str, figures: Sequence[str]) -> Callable[[Prices], Run]:
    """All combinations as columns of one portfolio, and these figures of each."""

    def prepare(prices: Prices) -> Run:
        index = pd.to_datetime(prices["timestamp"], unit="us")
        opens = pd.Series(prices["open"], index=index)
        closes = pd.Series(prices["close"], index=index)
        shorts, longs = ([pair[side] for pair in COMBINATIONS] for side in (0, 1))

        def run() -> Callable[[], float]:
            fast, slow = vbt.MA.run(closes, shorts), vbt.MA.run(closes, longs)
            portfolio = _crossover(fast, slow, opens, closes, engine=engine, freq="1D")
            final = portfolio.final_value()
            for figure in figures:
                getattr(portfolio, figure)()
            return lambda: float(final.iloc[0])

        return run

    return prepare


def _changes(fast: Any, slow: Any) -> Any:
    # The weight decided at a bar is filled at the next; nan leaves things as they are.
    above = np.where(np.isnan(slow), 0.0, fast - slow > 1e-9 * slow)
    before = np.vstack([np.zeros_like(above[:1]), above[:-1]])
    size = np.full(above.shape, np.nan)
    size[1:] = np.where(above != before, above, np.nan)[:-1]
    return size


if __name__ == "__main__":
    answer(
        {
            "numba": _signals("numba"),
            "rust": _signals("rust"),
            "targets numba": _targets("numba"),
            "targets rust": _targets("rust"),
            "sweep numba": _sweep("numba", FIGURES[:3]),
            "sweep rust": _sweep("rust", FIGURES[:3]),
            "sweep, more figures, numba": _sweep("numba", FIGURES),
            "sweep, more figures, rust": _sweep("rust", FIGURES),
        }
    )
