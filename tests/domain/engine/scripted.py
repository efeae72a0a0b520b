"""A strategy that does as it is told, so that a test can say what the engine is to carry out."""

import numpy as np
import polars as pl

from domain.market.bars import Bars, Floats
from domain.strategies.base import SignalStrategy


class Scripted(SignalStrategy, frozen=True):
    """Target weights per symbol, one per bar of that symbol; None leaves the position as it is."""

    weights: dict[str, list[float | None]]

    def targets(self, bars: Bars, symbols: int) -> Floats | pl.Expr:
        return np.array(self.weights[bars.symbol], dtype=np.float64)
