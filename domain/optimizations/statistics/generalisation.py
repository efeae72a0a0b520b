"""How far what was learnt in sample holds out of sample, over all trials of a sweep."""

import math

import msgspec
import numpy as np

from domain.market.bars import Floats

TRIALS_MIN = 3


class Generalisation(msgspec.Struct, frozen=True):
    """The objective in sample against the same out of sample, over ``trials`` that have both.

    ``rank_correlation``: Spearman's, -1 to 1, null where one of both does not vary; a gap is how
    much worse a trial is out of sample, below 0 where it is better; ``gap_median`` and
    ``gap_positive``: of all trials, the median and the share above 0; ``best_gap`` and
    ``best_rank``: of the best trial in sample, its gap and its place out of sample (1 is best).
    """

    trials: int
    rank_correlation: float | None
    gap_median: float
    gap_positive: float
    best_gap: float
    best_rank: int


def generalisation(inside: Floats, outside: Floats) -> Generalisation | None:
    """Compare float64[n] in sample with float64[n] out of sample, larger is better in both.

    None for fewer than three trials. Of equal trials the first is the best.
    """
    if len(inside) < TRIALS_MIN:
        return None
    gaps = inside - outside
    best = int(inside.argmax())
    return Generalisation(
        trials=len(inside),
        rank_correlation=rank_correlation(inside, outside),
        gap_median=float(np.median(gaps)),
        gap_positive=float(np.mean(gaps > 0.0)),
        best_gap=float(gaps[best]),
        best_rank=1 + int(np.count_nonzero(outside > outside[best])),
    )


def rank_correlation(x: Floats, y: Floats) -> float | None:
    """Spearman's: Pearson's correlation of the ranks, equals sharing their mean rank.

    Spearman, "The Proof and Measurement of Association between Two Things", American Journal of
    Psychology 15(1), 1904. None where one of both does not vary.
    """
    from_x, from_y = (_ranks(each) - (len(each) + 1) / 2 for each in (x, y))
    scale = math.fsum(from_x * from_x) * math.fsum(from_y * from_y)
    if scale <= 0.0:
        return None
    return math.fsum(from_x * from_y) / math.sqrt(scale)


def _ranks(values: Floats) -> Floats:
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    return (below + up_to + 1) / 2.0
