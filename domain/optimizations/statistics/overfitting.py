"""The probability of backtest overfitting, by combinatorially symmetric cross-validation (CSCV).

Bailey, Borwein, López de Prado and Zhu, "The Probability of Backtest Overfitting", Journal of
Computational Finance 20(4), 2017, section 2. The sixteen blocks of days are split into halves in
every way there is; the best trial of one half is looked up among the ranks of the other half.
"""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.market.bars import Floats
from domain.optimizations.statistics.blocks import (
    BLOCKS,
    excess_sums,
    sharpe_ratios,
    variance_floor,
)

SPLITS = math.comb(BLOCKS, BLOCKS // 2)
RETURNS_PER_BLOCK_MIN = 2
TAIL_MIN, TAIL_MAX = 4, 7
TAIL_ROWS = 2**15

Rows: TypeAlias = NDArray[np.int64]


class Splits(NamedTuple):
    """Of each of the 12,870 splits, the trial n* with the best Sharpe ratio in sample.

    ``best``: int64[c], the row of n*; ``in_sample`` and ``out_of_sample``: float64[c], its Sharpe
    ratio per day in either half; ``relative_rank``: float64[c], ω = rank of its out-of-sample
    ratio among those of all N trials / (N + 1), near 0 for the worst, near 1 for the best.
    """

    best: Rows
    in_sample: Floats
    out_of_sample: Floats
    relative_rank: Floats

    @property
    def logits(self) -> Floats:
        """λ = ln(ω / (1 - ω)), float64[c]: below 0 where n* fell into the lower half."""
        return np.log(self.relative_rank / (1.0 - self.relative_rank))


class Overfitting(msgspec.Struct, frozen=True):
    """What cross-validation says of choosing the trial with the best Sharpe ratio.

    ``probability``: of overfitting, the share of splits with λ ≤ 0: how often the best in sample
    was no better than the median out of sample; ``logit_median``: of λ; ``degradation_slope``,
    ``degradation_intercept`` and ``degradation_r_squared``: of the line
    SR_out = intercept + slope SR_in through all splits' (annual) Sharpe ratios, null where all
    are alike; ``loss_probability``: the share of splits with SR_out < 0; ``in_sample_mean`` and
    ``out_of_sample_mean``: annual Sharpe ratios.
    """

    probability: float
    splits: int
    trials: int
    blocks: int
    logit_median: float
    degradation_slope: float | None
    degradation_intercept: float | None
    degradation_r_squared: float | None
    loss_probability: float
    in_sample_mean: float
    out_of_sample_mean: float


def cross_validate(sums: Floats, risk_free: float) -> Splits | None:
    """Go through every split: float64[N, 16, 5], ``risk_free`` per day.

    None for fewer than two trials, or where a block has fewer than two days. Time grows with N
    times the splits, memory with N alone: 10,000 trials take a second and 20 MB, so that nothing
    is ever sampled. Of trials with the same ratio the first is the best, and they share their
    mean rank.
    """
    trials = len(sums)
    if trials < 2 or sums[:, :, 0].max(axis=0).min() < RETURNS_PER_BLOCK_MIN:
        return None
    of_blocks = _by_block(sums, risk_free)
    totals = [each.sum(axis=0) for each in of_blocks]
    floor = variance_floor(totals[2])
    found = Splits(np.zeros(SPLITS, np.int64), *(np.zeros(SPLITS) for _ in range(3)))
    place = 0
    for inside in _halves(of_blocks, _tail(trials)):
        outside = [total - half for total, half in zip(totals, inside, strict=True)]
        one, other = _ratios(inside, floor), _ratios(outside, floor)
        rows = np.arange(place, place + len(one))
        # Either half is in sample once: the two splits are stored as far from both ends.
        _record(found, rows, one, other)
        _record(found, SPLITS - 1 - rows, other, one)
        place += len(one)
    return found


def summarise(splits: Splits, trials: int, periods_per_year: int) -> Overfitting:
    """Put the splits of so many trials into a few figures."""
    scale = math.sqrt(periods_per_year)
    inside, outside = scale * splits.in_sample, scale * splits.out_of_sample
    slope, intercept, r_squared = _line(inside, outside)
    return Overfitting(
        probability=float(np.mean(splits.relative_rank <= 0.5)),
        splits=len(splits.best),
        trials=trials,
        blocks=BLOCKS,
        logit_median=float(np.median(splits.logits)),
        degradation_slope=slope,
        degradation_intercept=intercept,
        degradation_r_squared=r_squared,
        loss_probability=float(np.mean(outside < 0.0)),
        in_sample_mean=math.fsum(inside) / len(inside),
        out_of_sample_mean=math.fsum(outside) / len(outside),
    )


def _by_block(sums: Floats, risk_free: float) -> list[Floats]:
    count, first, second = (np.ascontiguousarray(each.T) for each in excess_sums(sums, risk_free))
    alike = bool((count == count[:, :1]).all())
    return [count[:, :1] if alike else count, first, second]


def _tail(trials: int) -> int:
    # Of how many blocks all subsets are added up beforehand: as many as a processor's cache holds.
    return max(TAIL_MIN, min(TAIL_MAX, int(math.log2(TAIL_ROWS / trials))))


def _halves(of_blocks: list[Floats], tail: int) -> Iterator[list[Floats]]:
    """Yield the sums of every half that the first block is in, some rows of halves at a time."""
    half, head = BLOCKS // 2, BLOCKS - tail
    for size in range(half - tail, half + 1):
        ends = list(combinations(range(head, BLOCKS), half - size))
        tails = [np.stack([each[list(end)].sum(axis=0) for end in ends]) for each in of_blocks]
        for others in combinations(range(1, head), size - 1):
            begin = [0, *others]
            yield [
                each[begin].sum(axis=0) + end for each, end in zip(of_blocks, tails, strict=True)
            ]


def _ratios(half: list[Floats], floor: Floats) -> Floats:
    count, first, second = half
    return sharpe_ratios(count, first, second, floor)


def _record(found: Splits, rows: Rows, inside: Floats, outside: Floats) -> None:
    best = inside.argmax(axis=1)
    chosen = np.take_along_axis(outside, best[:, None], axis=1)
    below = np.count_nonzero(outside < chosen, axis=1)
    alike = np.count_nonzero(outside == chosen, axis=1)
    found.best[rows] = best
    found.in_sample[rows] = np.take_along_axis(inside, best[:, None], axis=1)[:, 0]
    found.out_of_sample[rows] = chosen[:, 0]
    found.relative_rank[rows] = (below + 0.5 * (alike + 1)) / (outside.shape[1] + 1)


def _line(x: Floats, y: Floats) -> tuple[float | None, float | None, float | None]:
    mean_x, mean_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    from_x, from_y = x - mean_x, y - mean_y
    xx, yy = math.fsum(from_x * from_x), math.fsum(from_y * from_y)
    if xx <= 0.0:
        return None, None, None
    slope = math.fsum(from_x * from_y) / xx
    r_squared = slope * slope * xx / yy if yy > 0.0 else None
    return slope, mean_y - slope * mean_x, r_squared
