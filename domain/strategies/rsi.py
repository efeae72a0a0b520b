"""Buy when oversold, sell when overbought."""

from typing import Annotated

from msgspec import Meta

from domain.indicators import above, rsi
from domain.market.bars import Bars, Floats
from domain.strategies.base import PositionSize, SignalStrategy
from domain.strategies.weights import from_to


class RelativeStrength(SignalStrategy, frozen=True):
    """Enter when Wilder's RSI falls below ``oversold``, leave above ``overbought``."""

    period: Annotated[int, Meta(ge=2, le=10_000, description="bars of Wilder's smoothing")] = 14
    oversold: Annotated[float, Meta(ge=0, le=100, description="RSI to buy below")] = 30.0
    overbought: Annotated[float, Meta(ge=0, le=100, description="RSI to sell above")] = 70.0
    position_size: PositionSize = 1.0

    def __post_init__(self) -> None:
        if self.oversold >= self.overbought:
            raise ValueError(f"oversold {self.oversold} must be below overbought {self.overbought}")

    def targets(self, bars: Bars, symbols: int) -> Floats:
        """The symbol's share on entry, 0 on exit, NaN (hold) between and until warm."""
        strength = rsi(bars.close, self.period)
        low, high = above(self.oversold, strength), above(strength, self.overbought)
        return from_to(low, high, self.position_size / symbols)
