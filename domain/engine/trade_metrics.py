"""Metrics of closed round trips. Compiled.

A profit is net of commission, in account currency. A win is above 0, a loss below; one of exactly
0 counts in the total only. Losses keep their minus sign. Undefined, such as the average of no wins,
is NaN.
"""

from typing import NamedTuple

import numpy as np

from domain.compiled import compiled_in_place
from domain.engine.exact_sum import exact_sum
from domain.engine.room import Room
from domain.market.bars import Floats


class ProfitSums(NamedTuple):
    """``trips`` round trips; how many won and lost, Σ of both (exact), and the furthest of each."""

    trips: int
    wins: int
    losses: int
    won: float
    lost: float
    best: float
    worst: float


@compiled_in_place
def profit_sums(profits: Floats, room: Room) -> ProfitSums:
    """Sum up the profits of round trips, float64[c]."""
    wins, best = 0, 0.0
    for profit in profits:
        if profit > 0.0:
            room.work[wins] = profit
            wins, best = wins + 1, max(best, profit)
    won = exact_sum(room.work[:wins], room.lanes)
    losses, worst = 0, 0.0
    for profit in profits:
        if profit < 0.0:
            room.work[losses] = profit
            losses, worst = losses + 1, min(worst, profit)
    lost = exact_sum(room.work[:losses], room.lanes)
    return ProfitSums(len(profits), wins, losses, won, lost, best, worst)


@compiled_in_place
def win_rate(sums: ProfitSums) -> float:
    """Wins / round trips, percent."""
    return 100.0 * sums.wins / sums.trips if sums.trips > 0 else np.nan


@compiled_in_place
def profit_factor(sums: ProfitSums) -> float:
    """Σ wins / |Σ losses|; NaN without losses."""
    return sums.won / -sums.lost if sums.losses > 0 else np.nan


@compiled_in_place
def average_win(sums: ProfitSums) -> float:
    """Mean of the wins."""
    return sums.won / sums.wins if sums.wins > 0 else np.nan


@compiled_in_place
def average_loss(sums: ProfitSums) -> float:
    """Mean of the losses, a negative amount."""
    return sums.lost / sums.losses if sums.losses > 0 else np.nan


@compiled_in_place
def largest_win(sums: ProfitSums) -> float:
    """The best round trip, if it won."""
    return sums.best if sums.wins > 0 else np.nan


@compiled_in_place
def largest_loss(sums: ProfitSums) -> float:
    """The worst round trip, a negative amount, if it lost."""
    return sums.worst if sums.losses > 0 else np.nan
