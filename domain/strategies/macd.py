"""Follow the trend's own turn: in while the MACD line is above its signal."""

from typing import Annotated

from msgspec import Meta

from domain.indicators import macd
from domain.market.bars import Bars, Floats
from domain.strategies.base import PositionSize, SignalStrategy
from domain.strategies.weights import while_above


class ConvergenceDivergence(SignalStrategy, frozen=True):
    """Hold a symbol while its MACD line is above the exponential average of that line."""

    fast_period: Annotated[
        int, Meta(ge=1, le=10_000, description="bars of the fast exponential average")
    ] = 12
    slow_period: Annotated[
        int, Meta(ge=2, le=10_000, description="bars of the slow exponential average")
    ] = 26
    signal_period: Annotated[
        int, Meta(ge=2, le=10_000, description="bars of the line's own exponential average")
    ] = 9
    position_size: PositionSize = 1.0

    def __post_init__(self) -> None:
        if self.fast_period >= self.slow_period:
            raise ValueError(
                f"fast_period {self.fast_period} must be below slow_period {self.slow_period}"
            )

    def targets(self, bars: Bars, symbols: int) -> Floats:
        """The symbol's share while line is above signal, else 0; NaN until the signal exists."""
        histogram = macd(
            bars.close, self.fast_period, self.slow_period, self.signal_period
        ).histogram
        # line and signal are differences near 0; what counts as rounding is a matter of the price
        return while_above(bars.close + histogram, bars.close, self.position_size / symbols)
