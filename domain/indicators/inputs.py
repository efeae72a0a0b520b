"""What every indicator asks of its arguments."""

from numbers import Integral

import numpy as np
import numpy.typing as npt

from domain.errors import DomainError
from domain.market.bars import Floats, read_only


class InvalidPeriod(DomainError, ValueError):
    """A period that is not a whole number of bars, 1 or more."""


class InvalidColumn(DomainError, ValueError):
    """Values that are not one number per bar, or not as many as the column beside them."""


def checked_period(period: int) -> int:
    """``period`` as a plain int. Raises InvalidPeriod unless it is a whole number ≥ 1."""
    if isinstance(period, bool) or not isinstance(period, Integral) or period < 1:
        raise InvalidPeriod(f"period must be a whole number of bars, 1 or more; got {period!r}")
    return int(period)


def column(values: npt.ArrayLike) -> Floats:
    """``values`` as a read-only, contiguous float64[n], copied only when they are not one already.

    Raises InvalidColumn unless they have one dimension.
    """
    if np.ndim(values) != 1:
        raise InvalidColumn(
            f"values must be one number per bar, of shape (n,); got shape {np.shape(values)}"
        )
    return read_only(np.ascontiguousarray(values, dtype=np.float64))


def columns(*values: npt.ArrayLike) -> tuple[Floats, ...]:
    """Each of ``values`` as ``column`` gives it. Raises InvalidColumn unless all are as long."""
    checked = tuple(map(column, values))
    if len({len(each) for each in checked}) > 1:
        lengths = ", ".join(str(len(each)) for each in checked)
        raise InvalidColumn(f"columns must be of one length; got lengths {lengths}")
    return checked
