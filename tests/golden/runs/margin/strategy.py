"""Long after a rise, short after a fall."""

import numpy as np

from domain.market.bars import Bars, Floats
from domain.strategies.base import SignalStrategy


class Follow(SignalStrategy, frozen=True):
    """Follows the last ten bars, with half of each symbol's share more than there is."""

    def targets(self, bars: Bars, symbols: int) -> Floats:
        weights = np.full(len(bars), np.nan)
        weights[10:] = 1.5 * np.sign(bars.close[10:] - bars.close[:-10]) / symbols
        return weights
