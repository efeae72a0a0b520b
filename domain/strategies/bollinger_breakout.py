"""Buy what has risen out of its band; sell when it is back at the mean."""

import math
from typing import Annotated

from msgspec import Meta

from domain.indicators import above, bollinger
from domain.market.bars import Bars, Floats
from domain.strategies.base import PositionSize, SignalStrategy
from domain.strategies.weights import from_to


class BollingerBreakout(SignalStrategy, frozen=True):
    """Enter when the close rises above the upper band, leave when it falls below the middle."""

    period: Annotated[int, Meta(ge=2, le=10_000, description="bars of the mean and deviation")] = 20
    deviations: Annotated[
        float, Meta(gt=0, le=10, description="deviations from the mean to the upper band")
    ] = 2.0
    position_size: PositionSize = 1.0

    def __post_init__(self) -> None:
        # the farthest one of n values can stand from their mean, in their population deviation
        farthest = math.sqrt(self.period - 1)
        if self.deviations >= farthest:
            raise ValueError(
                f"deviations {self.deviations} must be below {farthest:.4g}: of {self.period} "
                f"closes none ever stands farther from their mean"
            )

    def targets(self, bars: Bars, symbols: int) -> Floats:
        """The symbol's share on entry, 0 on exit, NaN (hold) between and until warm."""
        bands = bollinger(bars.close, self.period, self.deviations)
        risen, back = above(bars.close, bands.upper), above(bands.middle, bars.close)
        return from_to(risen, back, self.position_size / symbols)
