"""What an account can come to: beyond it, prices or splits must be wrong."""

import numpy as np

from domain.compiled import compiled_in_place
from domain.errors import StrategyFailed
from domain.market.bars import Floats, Times
from domain.market.moments import iso

EQUITY_MAX = 1e30  # account currency; a float this large is exact to 1e14


def require_sane(equity: Floats, timestamp: Times) -> None:
    """Raise ``StrategyFailed`` naming the first bar at which an account is worth too much.

    ``equity``: float64[n]; ``timestamp``: int64[n], microseconds UTC, of each row.
    """
    sane = np.abs(equity) <= EQUITY_MAX  # which NaN is not
    if not sane.all():
        row = int(sane.argmin())
        raise StrategyFailed(
            f"the account is worth {equity[row]:g} (bar {iso(int(timestamp[row]))});"
            f" {EQUITY_MAX:g} is the most: are the prices and splits right?"
        )


@compiled_in_place
def is_sane(equity: Floats) -> bool:
    """Whether ``require_sane`` would let it pass; for compiled code."""
    sane = 0
    for value in equity:
        sane += abs(value) <= EQUITY_MAX
    return sane == len(equity)
