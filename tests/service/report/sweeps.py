"""Events of sweeps that no engine has run: made up, so that a report has everything to show."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from domain.market.bars import Floats
from domain.optimizations.events import (
    Cancelled,
    Completed,
    Failed,
    Pending,
    Progressed,
    Running,
    Stitched,
    SweepEvent,
    TrialCompleted,
    TrialFailed,
)
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.parameters import Parameter
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params, SearchSpace, grid
from domain.optimizations.statistics.blocks import block_sums, encode
from domain.optimizations.stitching import encode_equity
from domain.optimizations.windows import Window
from domain.runs.events import Logged
from domain.runs.manifest import Dataset
from domain.runs.request import BacktestRequest, StrategySpec
from service.report.metric_groups import GROUPS
from service.report.optimizations.content import Content, ContentFold

DAYS = 640
SWEEP_ID = "22222222-2222-4222-8222-222222222222"
SPACE = [
    Parameter(name="short_period", kind="int_range", low=2, high=20, step=2),
    Parameter(name="long_period", kind="int_range", low=20, high=100, step=10),
]


def asked(*parameters: Parameter, **changed: Any) -> OptimizationRequest:
    """A request as the log keeps it; ``changed`` are fields of it."""
    given: dict[str, Any] = {
        "name": "Moving averages on a made-up market",
        "search_space": SearchSpace(list(parameters or SPACE)),
        "base_backtest": BacktestRequest(
            symbols=["AAPL"],
            start_date="2015-01-01T00:00:00+00:00",
            end_date="2017-07-01T00:00:00+00:00",
            strategy=StrategySpec("ma_crossover"),
        ),
    }
    return OptimizationRequest(**given | changed)


def hill(params: Params) -> float:
    """A daily edge, in deviations: a plateau around 8 and 60."""
    away = ((params["short_period"] - 8) / 9) ** 2 + ((params["long_period"] - 60) / 40) ** 2
    return 0.16 * float(np.exp(-away)) - 0.03


def made_up(
    request: OptimizationRequest,
    points: Sequence[Params] | None = None,
    *,
    edge: Callable[[Params], float] = hill,
    failing: Sequence[int] = (),
    error: str = "short_period: must be below long_period",
    before: Sequence[SweepEvent] = (),
    logs: Sequence[Logged] = (),
    asked_for: int | None = None,
    end: Completed | Cancelled | Failed | None = None,
) -> Content:
    """Fold a sweep over the ``points`` (a grid), each trial earning its ``edge`` every day.

    ``before``: events between the first that it is running and the first trial.
    """
    tried = list(grid(request.search_space, request.grid_steps) if points is None else points)
    fold = ContentFold(SWEEP_ID)
    fold.add(Pending(request, asked_for or len(tried)), None)
    fold.add(Running(manifest(request)), None)
    for event in [*before, *logs]:
        fold.add(event, None)
    random = np.random.default_rng(11)
    market = random.normal(0.0, 0.008, DAYS)
    for number, params in enumerate(tried):
        returns = market + random.normal(edge(params) * 0.012, 0.006, DAYS)
        if number in failing:
            fold.add(TrialFailed(number, params, error), None)
        else:
            fold.add(*ended(request, number, params, returns))
    if request.validation_mode == "walk_forward":
        fold.add(*stitched(tried[0], len(tried), market))
    fold.add(end or Completed("d" * 64), None)
    return fold.content()


def ended(
    request: OptimizationRequest, number: int, params: Params, returns: Floats
) -> tuple[SweepEvent, bytes]:
    """A completed trial and its attachment."""
    full, metric = metrics(returns), request.objective_metric
    if request.validation_mode == "none":
        trial = TrialCompleted(number, params, full[metric], None, None, None, full)
        return trial, encode(block_sums(returns))
    cut = DAYS * 7 // 10
    train, validation = metrics(returns[:cut]), metrics(returns[cut:])
    gap = (train[metric] or 0.0) - (validation[metric] or 0.0)
    trial = TrialCompleted(number, params, train[metric], gap, train, validation, full)
    return trial, encode(block_sums(returns[:cut]))


def metrics(returns: Floats) -> dict[str, float | int | None]:
    """Every metric's name, and for those that a report ranks by a value that fits the returns."""
    growth = np.cumprod(1.0 + returns)
    found: dict[str, float | int | None] = dict.fromkeys(
        (name for group in GROUPS.values() for name in group), 1.0
    )
    return found | {
        "total_return": 100.0 * float(growth[-1] - 1.0),
        "sharpe_ratio": float(np.sqrt(252) * returns.mean() / returns.std(ddof=1)),
        "max_drawdown": 100.0 * float((1.0 - growth / np.maximum.accumulate(growth)).max()),
        "total_trades": 41,
        "final_value": 1e6 * float(growth[-1]),
    }


def stitched(params: Params, trials: int, market: Floats) -> tuple[SweepEvent, bytes]:
    """The last progress event of a walk-forward over four windows, and its equity."""
    dates = ["2015-01-02", "2016-01-04", "2016-05-02", "2016-09-01", "2017-01-03", "2017-06-30"]
    windows = [
        Stitched(dates[0], dates[at], dates[at], dates[at + 1], 7 * at, params, 1.5, 1.2 - at / 3)
        for at in range(1, 5)
    ]
    days = np.arange(400)
    value = np.array(1e6 * np.cumprod(1.0003 + market[:400]), dtype=np.float64)
    equity = encode_equity(16_804 + days, value, days // 100)
    return Progressed(1.0, trials, trials, 0, 0, 1.0, walk_forward=windows), equity


def manifest(request: OptimizationRequest) -> SweepManifest:
    windows = {"none": 0, "holdout": 1, "walk_forward": 4}
    return SweepManifest(
        engine="0.1.0",
        python="3.11.0",
        libraries={"numpy": "2.4.6"},
        strategy_sha256=None,
        data=[Dataset("AAPL", "catalog", DAYS, 0, 0, "a" * 64)],
        benchmark=None,
        periods_per_year=252,
        warnings=[],
        windows=[Window(0, 8, 8, 9)] * windows[request.validation_mode],
    )


def drawn_at_random(request: OptimizationRequest, count: int) -> list[Params]:
    """Points of the whole space, of any kind of parameter."""
    random = np.random.default_rng(5)

    def value(parameter: Parameter) -> Any:
        if parameter.length is not None:
            return parameter.value(int(random.integers(parameter.length)))
        low, high = parameter.bounds
        if parameter.kind == "log_uniform":
            return float(np.exp(random.uniform(np.log(low), np.log(high))))
        return float(random.uniform(low, high))

    parameters = request.search_space.parameters
    return [{each.name: value(each) for each in parameters} for _ in range(count)]


def normal(parameter: Parameter) -> Parameter:
    """Of a parameter as a client writes it, its normal form."""
    return msgspec.convert(msgspec.to_builtins(parameter), Parameter).normalised("parameter")
