"""Keep fixed weights."""

import math
from collections.abc import Sequence
from typing import Annotated, TypeAlias

from msgspec import Meta, field

from domain.strategies.event import Context
from domain.strategies.rebalancing import ROUNDING, Rebalancing, Weights

Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]


class TargetWeights(Rebalancing, kw_only=True):
    """Hold each symbol at its weight; without weights all are equal.

    A symbol that has no bar yet is left out, and its share stays in cash.
    """

    weights: Annotated[
        dict[str, Share], Meta(description="share of each symbol, together at most 1; none: equal")
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        total = math.fsum(self.weights.values())
        if total > 1.0 + ROUNDING:
            raise ValueError(f"weights add up to {total:g}; right would be at most 1")

    def on_start(self, context: Context) -> None:
        """Refuse weights of symbols that the run does not have."""
        super().on_start(context)
        for symbol in self.weights:
            context.bars(symbol)

    def wanted(self, context: Context, symbols: Sequence[str]) -> Weights:
        """The weights of those symbols that can be traded."""
        equal = dict.fromkeys(context.symbols, 1.0 / len(context.symbols))
        shares = self.weights or equal
        return {symbol: shares[symbol] for symbol in symbols if symbol in shares}
