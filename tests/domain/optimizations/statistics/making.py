"""Daily returns, and the sums of their blocks, for tests of a sweep's statistics."""

import numpy as np

from domain.market.bars import Floats
from domain.optimizations.statistics.blocks import block_sums


def noise(trials: int, days: int, *, seed: int = 1, mean: float = 0.0) -> Floats:
    """Independent daily returns, float64[trials, days], with a deviation of 1 %."""
    return np.random.default_rng(seed).normal(mean, 0.01, (trials, days))


def sums_of(returns: Floats) -> Floats:
    """The sums of each row's blocks: float64[trials, 16, 5]."""
    return np.stack([block_sums(row) for row in returns])
