"""What every indicator asks of its arguments."""

from numbers import Integral

import numpy as np
import numpy.typing as npt

from domain.errors import DomainError
from domain.market.bars import Floats


class InvalidPeriod(DomainError, ValueError):
    """A period that is not a whole number of bars, 1 or more."""


def checked_period(period: int) -> int:
    """``period`` as a plain int. Raises InvalidPeriod unless it is a whole number ≥ 1."""
    if isinstance(period, bool) or not isinstance(period, Integral) or period < 1:
        raise InvalidPeriod(f"period must be a whole number of bars, 1 or more; got {period!r}")
    return int(period)


def column(values: npt.ArrayLike) -> Floats:
    """``values`` as a contiguous float64[n], copied only when they are not one already."""
    return np.ascontiguousarray(values, dtype=np.float64)
