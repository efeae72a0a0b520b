"""Comparisons that do not hang on rounding."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from domain.compiled import compiled
from domain.indicators.inputs import column
from domain.market.bars import Floats

Flags: TypeAlias = npt.NDArray[np.bool_]

RELATIVE_TOLERANCE = 1e-9


def above(upper: Floats | float, lower: Floats | float) -> Flags:
    """Where ``upper`` stands above ``lower`` by more than 1e-9 of the larger magnitude.

    Either side may be a single number; ``above(30.0, rsi)`` is "RSI below 30". bool[n], False
    where either side is NaN. Never true of (a, b) and (b, a) at once: what differs by rounding
    alone is a tie, above in neither direction. Compare two averages with each other rather than
    their difference with 0, which has no magnitude to be relative to.
    """
    shape = np.broadcast_shapes(np.shape(upper), np.shape(lower))
    first, second = (np.broadcast_to(side, shape) for side in (upper, lower))
    return _above(column(first), column(second))


@compiled
def _above(upper: Floats, lower: Floats) -> Flags:
    flags = np.empty(len(upper), dtype=np.bool_)
    for t in range(len(upper)):
        tolerance = RELATIVE_TOLERANCE * max(abs(upper[t]), abs(lower[t]))
        flags[t] = upper[t] - lower[t] > tolerance
    return flags
