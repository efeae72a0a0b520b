"""Requests of sweeps: defaults, what is refused and how, and the normal form."""

from typing import Annotated, Any

import msgspec
import numpy as np
import pytest
from msgspec import Meta

from domain.errors import InvalidRequest
from domain.market.bars import Bars, Floats
from domain.optimizations.objective import BENCHMARK_METRICS, METRICS
from domain.optimizations.request import (
    ExecutorSpec,
    OptimizationRequest,
    grid_of,
    normalise,
    trials_of,
)
from domain.runs import request as runs
from domain.strategies import registry
from domain.strategies.base import SignalStrategy
from domain.strategies.code import Code
from tests.domain.optimizations.making import BASE, LONG, SHORT, SIZE, a_request, posted


def refusal(*parameters: dict[str, Any], code: Code | None = None, **fields: Any) -> str:
    with pytest.raises(InvalidRequest) as raised:
        normalise(posted(*parameters, **fields), code)
    assert str(raised.value) == f"{raised.value.field}: {raised.value.problem}"
    return str(raised.value)


def test_defaults() -> None:
    request = a_request()
    assert msgspec.to_builtins(request) == {
        "name": "sweep",
        "description": None,
        "search_space": {"parameters": [SHORT | {"step": 1, "values": None}]},
        "strategy": "grid",
        "max_trials": 100,
        "concurrency": None,
        "objective_metric": "sharpe_ratio",
        "direction": "maximize",
        "base_backtest": msgspec.to_builtins(
            runs.normalise(msgspec.convert(BASE, runs.BacktestRequest))
        ),
        "validation_mode": "none",
        "validation_fraction": 0.3,
        "walk_forward_windows": 5,
        "walk_forward_kind": "rolling",
        "random_seed": 0,
        "grid_steps": 10,
        "constraints": [],
        "executor": None,
    }
    assert normalise(request) == request


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 257},
        {"search_space": {"parameters": []}},
        {"search_space": {"parameters": [SHORT] * 51}},
        {"search_space": {"parameters": [SHORT | {"kind": "set"}]}},
        {"search_space": {"parameters": [SHORT | {"low": True}]}},
        {"search_space": {"parameters": [SHORT | {"low": 1e16}]}},
        {"search_space": {"parameters": [SHORT | {"minimum": 1}]}},
        {"strategy": "annealing"},
        {"max_trials": 0},
        {"max_trials": 10_001},
        {"concurrency": 0},
        {"direction": "up"},
        {"validation_mode": "k_fold"},
        {"validation_fraction": 0},
        {"validation_fraction": 1},
        {"walk_forward_windows": 0},
        {"walk_forward_kind": "sliding"},
        {"random_seed": -1},
        {"random_seed": 2**32},
        {"grid_steps": 1},
        {"constraints": [""]},
        {"constraints": ["x" * 501]},
        {"executor": {"kind": "cloud"}},
        {"executor": {"kind": "ray", "adress": "ray://x"}},
        {"sampler": "grid"},
    ],
)
def test_what_a_single_field_cannot_be(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        posted(**fields)


def test_a_base_backtest_that_is_itself_wrong_is_told_with_its_own_fields() -> None:
    assert refusal(base_backtest=BASE | {"symbols": ["A", "A"]}) == (
        "base_backtest.symbols[1]: A is there twice"
    )
    assert refusal(base_backtest=BASE | {"strategy": {"name": "astrology"}}).startswith(
        "base_backtest.strategy.name: unknown strategy 'astrology'; there are "
    )
    assert refusal(
        base_backtest=BASE | {"strategy": {"name": "ma_crossover", "params": {"short_period": 0}}}
    ).startswith("base_backtest.strategy.params.short_period: ")


def test_a_parameter_that_the_strategy_does_not_have() -> None:
    message = refusal(SHORT, LONG | {"name": "lookback"})
    assert message.startswith(
        "search_space.parameters[1].name: ma_crossover has no parameter 'lookback'; there are "
        "short_period (int 1 to 10000, default 10), long_period (int 2 to 10000, default 30), "
        "position_size (float above 0 to 1, default 1.0), execution.slippage_bps, "
    )
    assert message.endswith(", execution.risk_free_rate, symbols")
    assert refusal(SHORT | {"name": "execution.speed"}).startswith(
        "search_space.parameters[0].name: there is no execution.speed; there are execution.slippage"
    )


@pytest.mark.parametrize(
    ("parameter", "problem"),
    [
        (SHORT | {"low": 0}, "low: 0: Expected `int` >= 1; allowed: short_period (int 1 to 10000, "
         "default 10)"),
        (SHORT | {"high": 10_001}, "high: 10001: Expected `int` <= 10000; allowed: "),
        (SHORT | {"kind": "float_range"}, "low: 2.0: Expected `int`, got `float`; allowed: "),
        (SIZE | {"kind": "choice", "low": None, "high": None, "values": [0.5, "all"]},
         "values[1]: 'all': Expected `float`, got `str`; allowed: "),
        ({"name": "execution.slippage_bps", "kind": "float_range", "low": -1, "high": 5},
         "low: -1.0: Expected `float` >= 0.0"),
        ({"name": "execution.rebalance", "kind": "choice", "values": ["daily", "hourly"]},
         "values[1]: 'hourly': Invalid enum value 'hourly'"),
        ({"name": "symbols", "kind": "choice", "values": ["AAPL", "A B"]}, "values[1]: 'A B': "),
        ({"name": "symbols", "kind": "choice", "values": [["AAPL", "AAPL"]]},
         "values[0]: ['AAPL', 'AAPL']: a symbol is there twice"),
        ({"name": "symbols", "kind": "int_range", "low": 1, "high": 2}, "low: 1: Expected `array`"),
    ],
)  # fmt: skip
def test_values_that_a_backtest_cannot_have(parameter: dict[str, Any], problem: str) -> None:
    assert refusal(parameter).startswith(f"search_space.parameters[0].{problem}")


def test_duplicate_parameters() -> None:
    assert refusal(SHORT, LONG, SHORT) == (
        "search_space.parameters[2].name: short_period is there twice"
    )


def test_a_grid_larger_than_max_trials_says_both_numbers() -> None:
    assert refusal(SHORT, LONG, max_trials=79) == (
        "search_space: the grid has 80 points, max_trials is 79"
    )
    assert trials_of(a_request(SHORT, LONG, max_trials=80)) == 80


def test_what_the_constraints_leave_of_a_grid_counts() -> None:
    constraints = ["short_period * 2 <= long_period"]
    request = a_request(SHORT, LONG, constraints=constraints, max_trials=46)
    assert trials_of(request) == 46
    assert sum(1 for _ in grid_of(request)) == 46
    assert refusal(SHORT, LONG, constraints=constraints, max_trials=45) == (
        "search_space: the grid has 46 points that satisfy the constraints, max_trials is 45"
    )


def test_a_grid_that_nothing_is_left_of() -> None:
    assert refusal(SHORT, LONG, constraints=["short_period > long_period + 100"]) == (
        "constraints: none of the grid's 80 points satisfies them"
    )


def test_a_grid_too_large_to_go_through_is_refused_without_going_through_it() -> None:
    wide = SHORT | {"high": 10_000}
    assert refusal(wide, LONG | {"high": 10_000}, SIZE, constraints=["short_period < 3"]) == (
        "search_space: the grid has 99,990,000 points, 100,000 at most can be gone through; "
        "max_trials is 100"
    )


def test_with_long_constraints_fewer_points_are_gone_through() -> None:
    wide = SHORT | {"low": 1, "high": 1_000}, LONG | {"low": 2, "high": 21, "step": 1}
    constraint = "short_period < 2" + " " * 484
    assert trials_of(a_request(*wide, constraints=[constraint] * 10, max_trials=20)) == 20
    assert refusal(*wide, constraints=[constraint] * 11) == (
        "search_space: the grid has 20,000 points, 18,181 at most can be gone through with "
        "constraints of 5,500 characters; max_trials is 100"
    )


def test_the_size_of_the_space_is_no_matter_to_a_sampler() -> None:
    request = a_request(SHORT | {"high": 10_000}, SIZE, strategy="random", max_trials=7)
    assert trials_of(request) == 7


def test_cma_es_needs_numbers() -> None:
    choice = {"name": "short_period", "kind": "choice", "values": [5, 10]}
    assert refusal(choice, strategy="cma_es") == (
        "strategy: cma_es searches among numbers, and every parameter is a choice; use bayesian, "
        "random or grid"
    )
    assert trials_of(a_request(choice, SIZE, strategy="cma_es")) == 100


def test_constraints_are_read_when_the_request_is() -> None:
    assert refusal(SHORT, constraints=["short_period < 5", "short_period <"]).startswith(
        "constraints[1]: at character 15: invalid syntax; allowed are "
    )


def test_an_unknown_objective() -> None:
    message = refusal(objective_metric="sharp_ratio")
    assert message.startswith("objective_metric: unknown metric 'sharp_ratio'; there are initial_")
    assert all(metric in message for metric in (*METRICS, *BENCHMARK_METRICS))


def test_an_objective_against_a_benchmark_needs_one() -> None:
    assert refusal(objective_metric="alpha") == (
        "objective_metric: alpha needs a base_backtest.benchmark_symbol"
    )
    against = BASE | {"benchmark_symbol": "SPY"}
    assert a_request(objective_metric="alpha", base_backtest=against).objective_metric == "alpha"


def test_only_a_cluster_has_an_address() -> None:
    assert refusal(executor={"kind": "local", "address": "x"}) == (
        "executor.address: only an executor of kind ray has an address"
    )
    spec = a_request(executor={"kind": "ray", "address": "ray://127.0.0.1:10001"}).executor
    assert spec == ExecutorSpec("ray", "ray://127.0.0.1:10001")


class Demanding(SignalStrategy, frozen=True, kw_only=True):
    period: Annotated[int, Meta(ge=2, le=100)]
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.threshold > self.period:
            raise ValueError("threshold beyond the period")

    def targets(self, bars: Bars, symbols: int) -> Floats:
        return np.zeros(len(bars))


DEMANDING: dict[str, Any] = {"base_backtest": BASE | {"strategy": {"name": "demanding"}}}
PERIOD = {"name": "period", "kind": "int_range", "low": 5, "high": 9}


@pytest.fixture
def demanding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.BUILT_IN, "demanding", Demanding)


@pytest.mark.usefixtures("demanding")
def test_a_parameter_without_default_may_be_one_that_varies() -> None:
    request = a_request(PERIOD, **DEMANDING)
    assert request.base_backtest.strategy.params == {"period": 5, "threshold": 0.5}
    assert refusal(PERIOD | {"name": "threshold"}, **DEMANDING).startswith(
        "base_backtest.strategy.params: Object missing required field `period`"
    )


@pytest.mark.usefixtures("demanding")
def test_what_a_strategy_makes_of_several_parameters_together_is_for_the_trial() -> None:
    threshold = {"name": "threshold", "kind": "float_range", "low": 1, "high": 50}
    assert trials_of(a_request(PERIOD, threshold, **DEMANDING)) == 50


SOURCE = b"""
import numpy as np
from domain.strategies.base import SignalStrategy

class Mine(SignalStrategy, frozen=True):
    depth: int = 3

    def targets(self, bars, symbols):
        return np.zeros(len(bars))
"""


def test_the_parameters_of_a_users_own_strategy() -> None:
    code = Code("mine", "", SOURCE)
    base: dict[str, Any] = {"base_backtest": BASE | {"strategy": {"name": "mine"}}}
    depth = {"name": "depth", "kind": "int_range", "low": 1, "high": 4}
    request = normalise(posted(depth, **base), code)
    assert request.base_backtest.strategy.params == {"depth": 3}
    assert trials_of(request) == 4
    assert "mine has no parameter 'width'" in refusal(depth | {"name": "width"}, code=code, **base)
    broken = Code("mine", "", b"raise ValueError('not today')")
    assert refusal(depth, code=broken, **base).startswith(
        "base_backtest.strategy.name: mine cannot be loaded: ValueError: not today"
    )


def test_the_request_survives_the_log() -> None:
    request = a_request(SHORT, LONG, SIZE, grid_steps=2, max_trials=160, executor={"kind": "ray"})
    assert msgspec.json.decode(msgspec.json.encode(request), type=OptimizationRequest) == request
