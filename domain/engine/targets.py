"""Show a signal strategy its bars, ask for its target weights, and hold it to its promise."""

import msgspec
import numpy as np
import polars as pl

from domain.engine.account import Integers
from domain.errors import StrategyFailed
from domain.market.actions import Actions
from domain.market.bars import Bars, Floats
from domain.market.moments import iso
from domain.strategies.base import SignalStrategy

WEIGHT_MAX = 1e9  # times the account; what no leverage comes near is a slip


def target_weights(strategy: SignalStrategy, bars: Bars, symbols: int) -> Floats:
    """Give the strategy's weights for one symbol, float64[n].

    Raises ``StrategyFailed`` when its code raises (naming exception, message and the first bar at
    which it does) or when what it returns is not one weight, of at most ``WEIGHT_MAX`` either way,
    or NaN per bar. A ``MemoryError`` is passed on.
    """
    try:
        weights = _ask(strategy, bars, symbols)
    except MemoryError:
        raise  # a limit of the installation; to look for the bar would exhaust it over and over
    except BaseException as error:
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
    excessive = np.flatnonzero((weights > WEIGHT_MAX) | (weights < -WEIGHT_MAX))
    if len(excessive):
        row = excessive[0]
        raise StrategyFailed(
            f"the strategy returned a weight of {weights[row]:g} for {bars.symbol} "
            f"at bar {iso(int(bars.timestamp[row]))}; {WEIGHT_MAX:g} is the most"
        )
    return weights


def forward_adjusted(bars: Bars, actions: Actions, days: Integers) -> Bars:
    """Give the bars in the share units of the first of them; the same bars if nothing was split.

    Prices times the shares that one held from the beginning has become by each bar, volume divided
    by them, so that a split is no jump and no bar depends on a split that comes after it.
    ``days``: the session day of each bar, int64[n].
    """
    effective = actions.effective(days)
    if (effective.split == 1.0).all():
        return bars
    shares = effective.shares(days)
    return msgspec.structs.replace(
        bars,
        **{name: getattr(bars, name) * shares for name in ("open", "high", "low", "close")},
        volume=bars.volume / shares,
    )


def _ask(strategy: SignalStrategy, bars: Bars, symbols: int) -> Floats:
    answer = strategy.targets(bars, symbols)
    if isinstance(answer, pl.Expr):
        answer = bars.frame().select(answer.cast(pl.Float64)).to_series().to_numpy()
    return np.asarray(answer, dtype=np.float64, order="C")


def _first_failing_bar(strategy: SignalStrategy, bars: Bars, symbols: int) -> int:
    # A strategy sees only the past, so the bar it fails at ends the shortest prefix that fails.
    works, fails = 0, len(bars)
    while fails - works > 1:
        middle = (works + fails) // 2
        try:
            _ask(strategy, bars.part(0, middle), symbols)
        except BaseException:
            fails = middle
        else:
            works = middle
    return fails - 1
