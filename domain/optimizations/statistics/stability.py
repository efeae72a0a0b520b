"""Whether good trials lie together: a plateau can be traded on, a lone peak is most often luck.

``positions`` is float64[n, d]: where each of n trials lies in each of d parameters' search ranges,
0 at the low end, 1 at the high end. Of a parameter that is not ``ordered`` (a choice of names)
positions only say which are the same. ``values`` is float64[n], the objective, larger is better.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from domain.market.bars import Floats
from domain.optimizations.statistics.blocks import ROUNDING_SHARE

TRIALS_MIN = 10
TOP_SHARE = 0.1
TOP_MIN = 5
LOW_QUANTILE = 0.1
NEIGHBOURS_MIN = 8
BINS_MAX = 10
TRIALS_PER_BIN_MIN = 5


class Spread(NamedTuple):
    """How one parameter decides the objective, and how far apart the best trials have it.

    ``top`` and ``tried``: of the best tenth, and of all trials: the sample deviation of the
    positions, in units of the search range (0: all the same; 0.29: anywhere alike), or where the
    parameter is not ordered the share of trials that differ from the most frequent choice.
    ``influence``: see ``influence``.
    """

    top: float
    tried: float
    influence: float | None


class Neighbours(NamedTuple):
    """The so many ``trials`` that are nearest to the best one.

    ``reach``: the Euclidean distance of the farthest, in units of the search ranges; ``mean`` and
    ``worst``: of their objectives; ``advantage_kept`` = (mean - low) / (best - low), where only a
    tenth of all trials is below ``low``: 1 on a plateau, 0 where the neighbours are among the bad.
    """

    trials: int
    reach: float
    mean: float
    worst: float
    advantage_kept: float | None


def top_count(trials: int) -> int:
    """How many trials are the best tenth: rounded up, never fewer than five."""
    return max(math.ceil(TOP_SHARE * trials), TOP_MIN)


def spreads(positions: Floats, ordered: Sequence[bool], values: Floats) -> list[Spread]:
    """Measure each parameter over ``TRIALS_MIN`` trials or more."""
    best_first = np.argsort(-values, kind="stable")
    top = best_first[: top_count(len(values))]
    return [
        Spread(
            _dispersion(column[top], is_ordered),
            _dispersion(column, is_ordered),
            influence(column, values),
        )
        for column, is_ordered in zip(positions.T, ordered, strict=True)
    ]


def neighbours(positions: Floats, ordered: Sequence[bool], values: Floats) -> Neighbours:
    """Look around the best trial (the first of equals) of ``TRIALS_MIN`` trials or more."""
    best = int(values.argmax())
    apart = np.abs(positions - positions[best])
    apart[:, ~np.asarray(ordered, dtype=bool)] = np.ceil(apart[:, ~np.asarray(ordered, dtype=bool)])
    distance = np.sqrt((apart * apart).sum(axis=1))
    distance[best] = np.inf
    count = min(max(NEIGHBOURS_MIN, 2 * positions.shape[1]), len(values) - 1)
    nearest = np.argsort(distance, kind="stable")[:count]
    mean = math.fsum(values[nearest]) / count
    low, peak = float(np.quantile(values, LOW_QUANTILE)), float(values[best])
    return Neighbours(
        trials=count,
        reach=float(distance[nearest[-1]]),
        mean=mean,
        worst=float(values[nearest].min()),
        advantage_kept=(mean - low) / (peak - low) if peak > low else None,
    )


def influence(column: Floats, values: Floats) -> float | None:
    """The share of the objective's variance that one parameter explains by itself, 0 to 1.

    The trials are sorted into up to ten groups of neighbouring positions; the answer is Kelley's
    ε² = 1 - (n - 1) / (n - k) SS_within / SS_total ("An Unbiased Correlation Ratio Measure",
    Proceedings of the National Academy of Sciences 21, 1935), not below 0. None where the
    objective or the parameter does not vary.
    """
    total = float(((values - values.mean()) ** 2).sum())
    groups = _groups(column)
    count = int(groups.max()) + 1
    if count < 2 or total <= ROUNDING_SHARE**2 * float((values * values).sum()):
        return None
    sizes = np.bincount(groups, minlength=count)
    means = np.bincount(groups, weights=values, minlength=count) / sizes
    within = float(((values - means[groups]) ** 2).sum())
    return max(0.0, 1.0 - (len(values) - 1) / (len(values) - count) * within / total)


def _groups(column: Floats) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    bins = min(BINS_MAX, max(len(column) // TRIALS_PER_BIN_MIN, 2))
    distinct, group = np.unique(column, return_inverse=True)
    if len(distinct) > bins:
        # Equal numbers of trials, never parting trials at the same position.
        share = np.searchsorted(np.sort(column), distinct, side="left") / len(column)
        _, merged = np.unique(np.floor(share * bins), return_inverse=True)
        group = merged[group]
    return group.astype(np.int64)


def _dispersion(column: Floats, ordered: bool) -> float:
    if ordered:
        return float(column.std(ddof=1))
    _, counts = np.unique(column, return_counts=True)
    return 1.0 - float(counts.max()) / len(column)
