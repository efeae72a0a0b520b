"""Hold what has been rising."""

from typing import Annotated

import numpy as np
from msgspec import Meta

from domain.indicators import momentum
from domain.market.bars import Bars, Floats
from domain.strategies.base import PositionSize, SignalStrategy
from domain.strategies.weights import while_above


class Momentum(SignalStrategy, frozen=True):
    """Hold a symbol while its return over the last ``lookback`` bars is above a threshold."""

    lookback: Annotated[int, Meta(ge=1, le=10_000, description="bars the return spans")] = 20
    threshold: Annotated[
        float, Meta(gt=-1, le=10, description="return to exceed, as a fraction (0.05 = 5 %)")
    ] = 0.0
    position_size: PositionSize = 1.0

    def targets(self, bars: Bars, symbols: int) -> Floats:
        """The symbol's share while the return is above the threshold, else 0."""
        growth = 1.0 + momentum(bars.close, self.lookback)
        enough = np.full(len(bars), 1.0 + self.threshold)
        return while_above(growth, enough, self.position_size / symbols)
