"""A signal strategy: one target weight for each bar, computed for all bars at once."""

from typing import Annotated

import numpy as np
from msgspec import Meta

from domain.indicators import above, sma
from domain.market.bars import Bars, Floats
from domain.strategies.base import PositionSize, SignalStrategy


class Template(SignalStrategy, frozen=True):
    """Hold a symbol while its close is above its mean."""

    period: Annotated[int, Meta(ge=2, le=1000, description="bars in the mean")] = 50
    position_size: PositionSize = 1.0

    def targets(self, bars: Bars, symbols: int) -> Floats:
        """The symbol's share of the account while it is held, else 0; NaN before the mean exists.

        Each weight may use the bars up to its own only: `backtape strategy check` looks for more.
        """
        mean = sma(bars.close, self.period)
        weights = np.where(above(bars.close, mean), self.position_size / symbols, 0.0)
        weights[np.isnan(mean)] = np.nan
        return weights
