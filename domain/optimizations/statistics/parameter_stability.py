"""The stability of a sweep's parameters, by name and in their own units."""

from collections.abc import Sequence

import msgspec
import numpy as np

from domain.market.bars import Floats
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params
from domain.optimizations.statistics import stability
from domain.optimizations.statistics.axes import Axis, axes


class ParameterStability(msgspec.Struct, frozen=True):
    """One parameter: see ``stability.Spread``; ``top_low`` to ``top_high`` hold the best tenth."""

    name: str
    influence: float | None
    dispersion_tried: float
    dispersion_top: float
    top_low: float | None
    top_high: float | None


class Neighbourhood(msgspec.Struct, frozen=True):
    """The trials nearest to the best one: see ``stability.Neighbours``."""

    trials: int
    reach: float
    objective_mean: float
    objective_worst: float
    advantage_kept: float | None


class Stability(msgspec.Struct, frozen=True):
    """Whether the best ``top`` of so many ``trials`` lie together."""

    trials: int
    top: int
    parameters: list[ParameterStability]
    neighbourhood: Neighbourhood


def parameter_stability(
    request: OptimizationRequest, params: Sequence[Params], values: Floats
) -> Stability | None:
    """Measure trials whose objective is ``values``, float64[n], turned so that larger is better.

    None for fewer than ten trials.
    """
    if len(params) < stability.TRIALS_MIN:
        return None
    chosen = axes(request)
    positions = np.array([[axis.position(each) for axis in chosen] for each in params])
    ordered = [axis.ordered for axis in chosen]
    best_first = np.argsort(-values, kind="stable")
    top = [params[row] for row in best_first[: stability.top_count(len(values))]]
    found = stability.spreads(positions, ordered, values)
    around = stability.neighbours(positions, ordered, values)
    sign = direction_sign(request)
    return Stability(
        trials=len(params),
        top=len(top),
        parameters=[
            ParameterStability(
                axis.name, spread.influence, spread.tried, spread.top, *_range(axis, top)
            )
            for axis, spread in zip(chosen, found, strict=True)
        ],
        neighbourhood=Neighbourhood(
            around.trials,
            around.reach,
            sign * around.mean + 0.0,
            sign * around.worst + 0.0,
            around.advantage_kept,
        ),
    )


def direction_sign(request: OptimizationRequest) -> float:
    """1 where a larger objective is better, else -1."""
    return 1.0 if request.direction == "maximize" else -1.0


def _range(axis: Axis, params: Sequence[Params]) -> tuple[float | None, float | None]:
    if not axis.ordered:
        return None, None
    values = [each[axis.name] for each in params]
    return min(values), max(values)
