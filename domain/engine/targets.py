"""Ask a signal strategy for its target weights, and hold it to its promise."""

import numpy as np
import polars as pl

from domain.errors import StrategyFailed
from domain.market.bars import COLUMNS, Bars, Floats
from domain.market.moments import iso
from domain.strategies.base import SignalStrategy


def target_weights(strategy: SignalStrategy, bars: Bars, symbols: int) -> Floats:
    """Give the strategy's weights for one symbol, float64[n].

    Raises ``StrategyFailed`` when its code raises (naming exception, message and the first bar at
    which it does) or when what it returns is not one finite weight or NaN per bar.
    """
    try:
        weights = _ask(strategy, bars, symbols)
    except (Exception, SystemExit) as error:
        row = _first_failing_bar(strategy, bars, symbols)
        raise StrategyFailed(
            f"the strategy raised {type(error).__name__}: {error} "
            f"({bars.symbol}, bar {iso(int(bars.timestamp[row]))})"
        ) from error
    if weights.shape != (len(bars),):
        raise StrategyFailed(
            f"the strategy returned weights of shape {weights.shape} for {bars.symbol}; "
            f"right would be one per bar, ({len(bars)},)"
        )
    infinite = np.flatnonzero(np.isinf(weights))
    if len(infinite):
        moment = iso(int(bars.timestamp[infinite[0]]))
        raise StrategyFailed(
            f"the strategy returned an infinite weight for {bars.symbol} at bar {moment}"
        )
    return weights


def _ask(strategy: SignalStrategy, bars: Bars, symbols: int) -> Floats:
    answer = strategy.targets(bars, symbols)
    if isinstance(answer, pl.Expr):
        answer = bars.frame().select(answer.cast(pl.Float64)).to_series().to_numpy()
    return np.ascontiguousarray(answer, dtype=np.float64)


def _first_failing_bar(strategy: SignalStrategy, bars: Bars, symbols: int) -> int:
    # A strategy sees only the past, so the bar it fails at ends the shortest prefix that fails.
    works, fails = 0, len(bars)
    while fails - works > 1:
        middle = (works + fails) // 2
        prefix = Bars(bars.symbol, *(getattr(bars, name)[:middle] for name in COLUMNS))
        try:
            _ask(strategy, prefix, symbols)
        except (Exception, SystemExit):
            fails = middle
        else:
            works = middle
    return fails - 1
