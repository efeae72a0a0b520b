"""What a client may ask of a sweep, its defaults and bounds, and the normalised form."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from domain.errors import InvalidRequest
from domain.optimizations import search_space
from domain.optimizations.constraints import read_constraints
from domain.optimizations.expressions import Expression
from domain.optimizations.fitting import check_fit
from domain.optimizations.objective import BENCHMARK_METRICS, METRICS
from domain.optimizations.search_space import (
    GRID_POINTS_MAX,
    Params,
    SearchSpace,
    grid,
    grid_size,
)
from domain.runs import request as runs
from domain.runs.request import BacktestRequest
from domain.strategies import registry
from domain.strategies.code import Code

SamplerName: TypeAlias = Literal["grid", "random", "bayesian", "cma_es"]
Direction: TypeAlias = Literal["maximize", "minimize"]
ValidationMode: TypeAlias = Literal["none", "holdout", "walk_forward"]
ConstraintText: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]

TRIALS_MAX = 10_000
GRID_CHARACTERS_MAX = 100_000_000  # of constraints, read once a point: some two seconds


class ExecutorSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where trials are evaluated: this machine's engines, or a Ray cluster at ``address``."""

    kind: Literal["local", "ray"] = "local"
    address: Annotated[str, Meta(min_length=1, max_length=256)] | None = None


class OptimizationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A sweep as a client posts it and, once ``normalise`` has seen it, as the log keeps it.

    ``strategy``: how points of the space are chosen. ``concurrency``: how many engines at most
    work on it at a time, ``None`` all there are. ``executor``: ``None`` is the service's own.
    """

    name: Annotated[str, Meta(min_length=1, max_length=256)]
    description: Annotated[str, Meta(max_length=4_096)] | None = None
    search_space: SearchSpace
    strategy: SamplerName = "grid"
    max_trials: Annotated[int, Meta(ge=1, le=TRIALS_MAX)] = 100
    concurrency: Annotated[int, Meta(ge=1, le=1_024)] | None = None
    objective_metric: Annotated[str, Meta(max_length=64)] = "sharpe_ratio"
    direction: Direction = "maximize"
    base_backtest: BacktestRequest
    validation_mode: ValidationMode = "none"
    validation_fraction: Annotated[float, Meta(gt=0, lt=1)] = 0.3
    walk_forward_windows: Annotated[int, Meta(ge=1, le=100)] = 5
    walk_forward_kind: Literal["rolling", "anchored"] = "rolling"
    random_seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    grid_steps: Annotated[int, Meta(ge=2, le=1_000)] = 10
    constraints: Annotated[list[ConstraintText], Meta(max_length=50)] = []
    executor: ExecutorSpec | None = None


def normalise(request: OptimizationRequest, code: Code | None = None) -> OptimizationRequest:
    """Check what no single field can say, and spell out every default.

    ``code`` defines the base backtest's strategy where it is a user's own. Raises
    ``InvalidRequest`` that names the field; those of the base backtest begin with
    ``base_backtest.``. Normalising twice changes nothing.
    """
    space = search_space.normalise(request.search_space)
    base = _base(request.base_backtest, space, code)
    check_fit(space, base.strategy, code)
    normalised = msgspec.structs.replace(request, search_space=space, base_backtest=base)
    _check_objective(normalised)
    _check_executor(normalised)
    constraints = read_constraints(request.constraints, space.parameters)
    if request.strategy == "grid":
        _check_grid(normalised, constraints)
    elif request.strategy == "cma_es":
        _check_has_numbers(space)
    return normalised


def trials_of(request: OptimizationRequest) -> int:
    """How many trials a normalised request comes to: of a grid the points that it visits."""
    if request.strategy != "grid":
        return request.max_trials
    if not request.constraints:
        return grid_size(request.search_space, request.grid_steps)
    return sum(1 for _ in grid_of(request))


def grid_of(request: OptimizationRequest) -> Iterator[Params]:
    """Visit the points of a normalised request's grid, those that its constraints leave."""
    constraints = read_constraints(request.constraints, request.search_space.parameters)
    return grid(request.search_space, request.grid_steps, constraints)


def _base(base: BacktestRequest, space: SearchSpace, code: Code | None) -> BacktestRequest:
    try:
        strategy = registry.find(base.strategy.name, code)
        # What the strategy demands and the sweep varies need not be given twice.
        demanded = {each.name for each in registry.describe(strategy) if each.required}
        varied = {each.name: each.outermost()[0][1] for each in space.parameters}
        filled = {name: varied[name] for name in varied if name in demanded}
        spec = runs.StrategySpec(base.strategy.name, filled | base.strategy.params)
        return runs.normalise(msgspec.structs.replace(base, strategy=spec), code)
    except InvalidRequest as error:
        raise InvalidRequest(f"base_backtest.{error.field}", error.problem) from error


def _check_objective(request: OptimizationRequest) -> None:
    metric, benchmark = request.objective_metric, request.base_backtest.benchmark_symbol
    if metric in BENCHMARK_METRICS and benchmark is None:
        problem = f"{metric} needs a base_backtest.benchmark_symbol"
    elif metric not in (*METRICS, *BENCHMARK_METRICS):
        there_are = ", ".join((*METRICS, *BENCHMARK_METRICS))
        problem = f"unknown metric {metric!r}; there are {there_are}"
    else:
        return
    raise InvalidRequest("objective_metric", problem)


def _check_executor(request: OptimizationRequest) -> None:
    executor = request.executor
    if executor is not None and executor.kind == "local" and executor.address is not None:
        raise InvalidRequest("executor.address", "only an executor of kind ray has an address")


def _check_grid(request: OptimizationRequest, constraints: Sequence[Expression]) -> None:
    points = grid_size(request.search_space, request.grid_steps)
    length = sum(map(len, request.constraints))
    most = min(GRID_POINTS_MAX, GRID_CHARACTERS_MAX // max(length, 1))
    if points > most:
        problem = f"the grid has {points:,} points, {most:,} at most can be gone through"
        if most < GRID_POINTS_MAX:
            problem += f" with constraints of {length:,} characters"
        raise InvalidRequest("search_space", f"{problem}; max_trials is {request.max_trials:,}")
    trials = trials_of(request)
    if trials == 0:
        raise InvalidRequest("constraints", f"none of the grid's {points:,} points satisfies them")
    if trials > request.max_trials:
        left = " that satisfy the constraints" if constraints else ""
        problem = f"the grid has {trials:,} points{left}, max_trials is {request.max_trials:,}"
        raise InvalidRequest("search_space", problem)


def _check_has_numbers(space: SearchSpace) -> None:
    if all(parameter.kind == "choice" for parameter in space.parameters):
        problem = "cma_es searches among numbers, and every parameter is a choice"
        raise InvalidRequest("strategy", f"{problem}; use bayesian, random or grid")
