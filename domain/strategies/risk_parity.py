"""Let every symbol carry the same share of the risk."""

from collections.abc import Sequence
from functools import reduce
from typing import Annotated

import numpy as np
from msgspec import Meta

from domain.compiled import compiled_in_place
from domain.market.bars import Floats, Times
from domain.strategies.event import Context, History
from domain.strategies.rebalancing import Rebalancing, Weights

SWEEPS_MAX = 10_000
PRECISION = 1e-13  # of a weight
# Bars looked through for each common one: symbols with holes share fewer moments.
DEPTH = 4


class RiskParity(Rebalancing, kw_only=True):
    """Weight symbols so that each contributes equally to the portfolio's volatility.

    The covariance is the sample's, over the returns of the last ``lookback`` bars that the symbols
    have in common. One that has fewer is left alone, one whose price stands still gets nothing.
    """

    lookback: Annotated[
        int, Meta(ge=2, le=5_000, description="returns that the covariance is estimated from")
    ] = 60

    def wanted(self, context: Context, symbols: Sequence[str]) -> Weights:
        """Equal risk contributions, adding up to 1; nothing until there are returns enough."""
        depth = DEPTH * (self.lookback + 1)
        histories = [context.bars(symbol) for symbol in symbols]
        ready = [each for each in histories if len(each) > self.lookback]
        if not ready:
            return {}
        moments = reduce(np.intersect1d, [each.timestamp[-depth:] for each in ready])
        moments = moments[-self.lookback - 1 :]
        if len(moments) <= self.lookback:
            context.log(f"the symbols have only {len(moments)} of the last {depth} bars in common")
            return {}
        returns = np.column_stack([_returns(each, moments) for each in ready])
        moving = np.ptp(returns, axis=0) > 0.0
        weights = np.zeros(len(ready))
        weights[moving] = equal_risk(np.ascontiguousarray(returns[:, moving]))
        return dict(zip((each.symbol for each in ready), weights.tolist(), strict=True))


def equal_risk(returns: Floats) -> Floats:
    """Weights above 0, adding up to 1, with wᵢ(Σw)ᵢ the same for all i: float64[k].

    ``returns``: float64[n, k], n ≥ 2, none of the columns constant; Σ is their sample covariance.
    Cyclical coordinate descent of Griveau-Billion, Richard and Roncalli (2013), "A fast algorithm
    for computing high-dimensional risk parity portfolios".
    """
    symbols = returns.shape[1]
    covariance, weights = np.empty((symbols, symbols)), np.empty(symbols)
    _covariance(returns, covariance)
    _descend(covariance, weights)
    return weights


def _returns(history: History, moments: Times) -> Floats:
    close = history.close[np.searchsorted(history.timestamp, moments)]
    returns: Floats = close[1:] / close[:-1] - 1.0
    return returns


@compiled_in_place
def _covariance(returns: Floats, covariance: Floats) -> None:
    rows, symbols = returns.shape
    for first in range(symbols):
        for second in range(first + 1):
            mean, other_mean, total = 0.0, 0.0, 0.0
            for row in range(rows):
                mean += returns[row, first]
                other_mean += returns[row, second]
            mean, other_mean = mean / rows, other_mean / rows
            for row in range(rows):
                total += (returns[row, first] - mean) * (returns[row, second] - other_mean)
            covariance[first, second] = covariance[second, first] = total / (rows - 1)


@compiled_in_place
def _descend(covariance: Floats, weights: Floats) -> None:
    # The minimum over w > 0 of w'Σw / 2 - Σ ln(wᵢ) / k has equal contributions at any scale.
    symbols = len(weights)
    budget = 1.0 / symbols
    for symbol in range(symbols):
        weights[symbol] = 1.0 / np.sqrt(covariance[symbol, symbol])
    for _ in range(SWEEPS_MAX):
        moved = 0.0
        for symbol in range(symbols):
            variance, other = covariance[symbol, symbol], 0.0
            for column in range(symbols):
                if column != symbol:
                    other += covariance[symbol, column] * weights[column]
            root = np.sqrt(other * other + 4.0 * variance * budget)
            # Of the two forms of the positive solution, the one that subtracts nothing.
            weight = (
                2.0 * budget / (root + other) if other > 0.0 else (root - other) / (2.0 * variance)
            )
            moved = max(moved, abs(weight - weights[symbol]) / weight)
            weights[symbol] = weight
        if moved <= PRECISION:
            break
    total = 0.0
    for symbol in range(symbols):
        total += weights[symbol]
    for symbol in range(symbols):
        weights[symbol] /= total
