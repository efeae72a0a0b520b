"""Room that compiled metrics work in, made once for many runs."""

from typing import NamedTuple

import numpy as np

from domain.engine.exact_sum import lanes
from domain.engine.order_statistics import SAMPLE
from domain.market.bars import Floats


class Room(NamedTuple):
    """``lanes``: see ``exact_sum``; the others hold one number per day or per fill, and spare."""

    lanes: Floats
    marks: Floats
    returns: Floats
    deviations: Floats
    work: Floats

    @classmethod
    def of(cls, days: int, fills: int) -> "Room":
        """Room for a run of so many session days and at most so many fills."""
        each = days + 1
        return cls(
            lanes(),
            np.empty(each),
            np.empty(each),
            np.empty(each),
            np.empty(max(each, fills) + SAMPLE + 1),
        )
