"""A strategy that says why, so that a test can see where its words go."""

from typing import Literal

import numpy as np

from domain.market.bars import Bars, Floats
from domain.strategies.base import Explanation, SignalStrategy


class Explaining(SignalStrategy, frozen=True):
    """In at the second bar, out at the fourth."""

    mood: Literal["talkative", "silent", "failing", "boastful"] = "talkative"

    def targets(self, bars: Bars, symbols: int) -> Floats:
        weights = np.full(len(bars), np.nan)
        weights[1::2] = np.where(np.arange(len(weights[1::2])) % 2, 0.0, 0.5)
        return weights

    def explain(self, bars: Bars, target: float) -> Explanation:
        if self.mood == "failing":
            raise LookupError("no idea")
        if self.mood == "boastful":
            return Explanation("sure", 101)
        if self.mood == "silent":
            return Explanation()
        return Explanation(f"{bars.symbol} bar {len(bars)} at {bars.close[-1]:g}", 100 * target)
