"""Several curves over the same moments."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import polars as pl

from domain.runs.curves import EMPTY
from service.parts.thinning import thinned

ReadCurve: TypeAlias = Callable[[], Iterable[pl.DataFrame]]

EMPTY_VALUES = EMPTY["equity_curve"].select("timestamp", "value")


def aligned(curves: Sequence[ReadCurve], points_max: int) -> pl.DataFrame:
    """The values of ``curves``, in columns ``0``, ``1`` …, at all ``timestamp`` that any shows.

    Each shows its shape in its share of ``points_max`` points, ``thinned``; at those of the others
    it has its value all the same, null where it has none. A curve gives its frames from the start
    each time it is called.
    """
    share = points_max // len(curves)
    shown = [thinned(_values(curve), EMPTY_VALUES, share)["timestamp"] for curve in curves]
    table = pl.DataFrame({"timestamp": pl.concat(shown).unique().sort()})
    for number, curve in enumerate(curves):
        frames = (frame.join(table, on="timestamp", how="semi") for frame in _values(curve)())
        values = pl.concat([EMPTY_VALUES, *frames]).rename({"value": str(number)})
        table = table.join(values, on="timestamp", how="left", maintain_order="left")
    return table


def _values(curve: ReadCurve) -> ReadCurve:
    return lambda: (frame.select("timestamp", "value") for frame in curve())
