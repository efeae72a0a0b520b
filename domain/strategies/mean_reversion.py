"""Buy what has fallen unusually far below its mean; sell when it is back."""

from typing import Annotated

from msgspec import Meta

from domain.indicators import above, zscore
from domain.market.bars import Bars, Floats
from domain.strategies.base import PositionSize, SignalStrategy
from domain.strategies.weights import from_to


class MeanReversion(SignalStrategy, frozen=True):
    """Enter when the close's z-score falls below ``-entry_z``, leave above ``-exit_z``."""

    period: Annotated[int, Meta(ge=2, le=10_000, description="bars of the mean and deviation")] = 20
    entry_z: Annotated[
        float, Meta(gt=0, le=10, description="deviations below the mean to buy at")
    ] = 2.0
    exit_z: Annotated[
        float, Meta(ge=-10, le=10, description="deviations below the mean to sell at")
    ] = 0.5
    position_size: PositionSize = 1.0

    def __post_init__(self) -> None:
        if self.exit_z >= self.entry_z:
            raise ValueError(f"exit_z {self.exit_z} must be below entry_z {self.entry_z}")

    def targets(self, bars: Bars, symbols: int) -> Floats:
        """The symbol's share on entry, 0 on exit, NaN (hold) between and until warm."""
        score = zscore(bars.close, self.period)
        fallen, back = above(-self.entry_z, score), above(score, -self.exit_z)
        return from_to(fallen, back, self.position_size / symbols)
