"""Metrics of closed round trips.

``profits`` is float64[c], one per round trip, net of commission, account currency. A win is above
0, a loss below; one of exactly 0 counts in the total only. Losses keep their minus sign.
Undefined, such as the average of no wins, is None.
"""

import math

from domain.engine.reproducible_math import mean
from domain.market.bars import Floats


def win_rate(profits: Floats) -> float | None:
    """Wins / round trips, percent."""
    return 100.0 * int((profits > 0.0).sum()) / len(profits) if len(profits) else None


def profit_factor(profits: Floats) -> float | None:
    """Σ wins / |Σ losses|; None without losses."""
    losses = profits[profits < 0.0]
    return math.fsum(profits[profits > 0.0]) / -math.fsum(losses) if len(losses) else None


def average_win(profits: Floats) -> float | None:
    """Mean of the wins."""
    wins = profits[profits > 0.0]
    return mean(wins) if len(wins) else None


def average_loss(profits: Floats) -> float | None:
    """Mean of the losses, a negative amount."""
    losses = profits[profits < 0.0]
    return mean(losses) if len(losses) else None


def largest_win(profits: Floats) -> float | None:
    """The best round trip, if it won."""
    best = float(profits.max(initial=0.0))
    return best if best > 0.0 else None


def largest_loss(profits: Floats) -> float | None:
    """The worst round trip, a negative amount, if it lost."""
    worst = float(profits.min(initial=0.0))
    return worst if worst < 0.0 else None
