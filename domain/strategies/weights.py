"""From conditions to target weights, in one pass."""

import numpy as np

from domain.compiled import compiled_in_place
from domain.indicators import RELATIVE_TOLERANCE, Flags
from domain.indicators.inputs import InvalidColumn, columns
from domain.market.bars import Floats, read_only


def while_above(upper: Floats, lower: Floats, weight: float) -> Floats:
    """``weight`` where ``upper`` stands above ``lower``, as ``above`` means it, else 0.

    float64[n], NaN (nothing to say) where either side is NaN: until both exist. Raises
    InvalidColumn.
    """
    upper, lower = columns(upper, lower)
    weights = np.empty(len(upper))
    _while_above(upper, lower, float(weight), weights)
    return weights


def from_to(enter: Flags, leave: Flags, weight: float) -> Floats:
    """``weight`` where ``enter``, 0 where ``leave`` (also where both), NaN where neither: hold.

    bool[n] each → float64[n]. Raises InvalidColumn where they are not of one length.
    """
    if np.shape(enter) != np.shape(leave):
        raise InvalidColumn(
            f"enter and leave must be of one length; got {np.shape(enter)} and {np.shape(leave)}"
        )
    weights = np.empty(len(enter))
    entering, leaving = (read_only(np.ascontiguousarray(each, np.bool_)) for each in (enter, leave))
    _from_to(entering, leaving, float(weight), weights)
    return weights


@compiled_in_place
def _while_above(upper: Floats, lower: Floats, weight: float, weights: Floats) -> None:
    for t in range(len(weights)):
        tolerance = RELATIVE_TOLERANCE * max(abs(upper[t]), abs(lower[t]))
        gap = upper[t] - lower[t]
        weights[t] = np.nan if gap != gap else weight if gap > tolerance else 0.0


@compiled_in_place
def _from_to(enter: Flags, leave: Flags, weight: float, weights: Floats) -> None:
    for t in range(len(weights)):
        weights[t] = 0.0 if leave[t] else weight if enter[t] else np.nan
