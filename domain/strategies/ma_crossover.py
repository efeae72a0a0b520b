"""Follow the trend: in while the fast mean is above the slow one."""

from typing import Annotated

from msgspec import Meta

from domain.indicators import sma
from domain.market.bars import Bars, Floats
from domain.strategies.base import PositionSize, SignalStrategy
from domain.strategies.weights import while_above


class MovingAverageCrossover(SignalStrategy, frozen=True):
    """Hold a symbol while the mean of its last few closes is above that of its last many."""

    short_period: Annotated[int, Meta(ge=1, le=10_000, description="bars in the fast mean")] = 10
    long_period: Annotated[int, Meta(ge=2, le=10_000, description="bars in the slow mean")] = 30
    position_size: PositionSize = 1.0

    def __post_init__(self) -> None:
        if self.short_period >= self.long_period:
            raise ValueError(
                f"short_period {self.short_period} must be below long_period {self.long_period}"
            )

    def targets(self, bars: Bars, symbols: int) -> Floats:
        """The symbol's share while fast is above slow, else 0; NaN until both means exist."""
        fast = sma(bars.close, self.short_period)
        slow = sma(bars.close, self.long_period)
        return while_above(fast, slow, self.position_size / symbols)
