"""Cross-validation once more: from the daily returns themselves, word for word, and slowly."""

from itertools import combinations
from math import log
from typing import NamedTuple

import numpy as np

from domain.market.bars import Floats


class Split(NamedTuple):
    best: int
    in_sample: float
    out_of_sample: float
    logit: float


def cross_validated(returns: Floats, rate: float) -> list[Split]:
    """Every split of the days of returns[trial, day], by the blocks in sample in order."""
    blocks = np.arange(returns.shape[1]) * 16 // returns.shape[1]
    splits = []
    for chosen in combinations(range(16), 8):
        inside = np.isin(blocks, chosen)
        before, after = sharpes(returns[:, inside], rate), sharpes(returns[:, ~inside], rate)
        best = before.index(max(before))
        places = [place for place, value in enumerate(sorted(after), 1) if value == after[best]]
        omega = sum(places) / len(places) / (len(returns) + 1)
        splits.append(Split(best, before[best], after[best], log(omega / (1 - omega))))
    return splits


def sharpes(returns: Floats, rate: float) -> list[float]:
    excess = returns - rate
    deviation = np.nanstd(excess, axis=1, ddof=1)
    varied = deviation > 1e-12
    ratios = np.where(varied, np.nanmean(excess, axis=1) / np.where(varied, deviation, 1.0), 0.0)
    return [float(ratio) for ratio in ratios]
