"""Buy at the first chance, sell never."""

import numpy as np

from domain.market.bars import Bars, Floats
from domain.strategies.base import PositionSize, SignalStrategy


class BuyAndHold(SignalStrategy, frozen=True):
    """Invest at the second bar's open, decided at the first bar's close, and hold."""

    position_size: PositionSize = 1.0

    def targets(self, bars: Bars, symbols: int) -> Floats:
        """The symbol's share, at every bar: the first of the run may not be the first shown."""
        return np.full(len(bars), self.position_size / symbols)
