"""Who chooses the points: in an order that the request and what was told decide alone."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from domain.errors import DomainError
from domain.optimizations.optuna_sampler import OptunaSampler
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.sampler import Sampler, create_sampler
from domain.optimizations.search_space import Params
from tests.domain.optimizations.making import LONG, SHORT, SIZE, a_request

RATE = {
    "name": "execution.risk_free_rate",
    "kind": "log_uniform",
    "low": 0.001,
    "high": 0.1,
}
CHOICE = {"name": "symbols", "kind": "choice", "values": ["AAPL", ["AAPL", "MSFT"], ["SPY"]]}
STEPPED = SIZE | {"step": 0.05}
EVERY_KIND = (SHORT, LONG, STEPPED, RATE, CHOICE)
OPTUNAS = pytest.mark.parametrize("strategy", ["random", "bayesian", "cma_es"])


def sampled(strategy: str, *parameters: dict[str, Any], **fields: Any) -> OptimizationRequest:
    return a_request(*parameters, strategy=strategy, **fields)


def bowl(params: Params) -> float | None:
    if params["short_period"] == 3:
        return None
    short, size = int(params["short_period"]), float(params["position_size"])
    return -float((short - 12) ** 2) - 10 * abs(size - 0.7)


def points(sampler: Sampler, batches: int, count: int = 16) -> list[Params]:
    found: list[Params] = []
    for _ in range(batches):
        batch = sampler.ask(count)
        sampler.tell([bowl(params) for params in batch])
        found += batch
    return found


def test_a_grid_is_gone_through_in_order_whatever_is_told() -> None:
    sampler = create_sampler(a_request(SHORT, LONG, constraints=["short_period < 4"]))
    first = sampler.ask(5)
    sampler.tell([1.0, None])
    assert [(each["short_period"], each["long_period"]) for each in first + sampler.ask(5)] == [
        (short, long) for short in (2, 3) for long in (10, 20, 30, 40)
    ]


@OPTUNAS
def test_every_value_is_one_that_its_parameter_has(strategy: str) -> None:
    request = sampled(strategy, *EVERY_KIND)
    names = [each.name for each in request.search_space.parameters]
    for params in points(create_sampler(request), 4):
        assert list(params) == names
        assert params["short_period"] in range(2, 22)
        assert params["long_period"] in (10, 20, 30, 40)
        assert params["position_size"] in request.search_space.parameters[2].grid(0)
        assert 0.001 <= params["execution.risk_free_rate"] <= 0.1
        assert params["execution.risk_free_rate"] == float(f"{params[names[3]]:.12g}")
        assert params["symbols"] in CHOICE["values"]


@OPTUNAS
def test_the_seed_decides_the_points(strategy: str) -> None:
    def found(seed: int) -> list[Params]:
        return points(create_sampler(sampled(strategy, SHORT, SIZE, random_seed=seed)), 2)

    assert found(7) == found(7)
    assert found(7) != found(8)


@OPTUNAS
def test_constraints_hold_for_every_point(strategy: str) -> None:
    constraints = ["short_period < long_period", "position_size > 0.5 or short_period > 15"]
    request = sampled(strategy, SHORT, LONG, SIZE, constraints=constraints)
    for params in points(create_sampler(request), 3):
        assert params["short_period"] < params["long_period"]
        assert params["position_size"] > 0.5 or params["short_period"] > 15


@OPTUNAS
def test_constraints_that_nothing_satisfies_are_given_up_on(strategy: str) -> None:
    request = sampled(strategy, SHORT, constraints=["short_period > 5", "short_period < 6"])
    with pytest.raises(DomainError) as raised:
        create_sampler(request).ask(1)
    assert str(raised.value) == (
        f"of 1,000 points in a row that the {strategy} sampler chose none satisfied the "
        "constraints: short_period > 5; short_period < 6"
    )


@pytest.mark.parametrize("strategy", ["bayesian", "cma_es"])
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_sampler_that_learns_closes_in_on_the_best(strategy: str, direction: str) -> None:
    request = sampled(strategy, SHORT | {"high": 200}, SIZE, direction=direction)
    sampler = create_sampler(request)
    sign = 1 if direction == "maximize" else -1
    batches = []
    for _ in range(10):
        batch = sampler.ask(16)
        values = [bowl(params) for params in batch]
        sampler.tell([None if value is None else sign * value for value in values])
        batches.append([abs(params["short_period"] - 12) for params in batch])
    assert sum(batches[-1]) < sum(batches[0]) / 4


@pytest.mark.parametrize("strategy", ["bayesian", "cma_es"])
def test_trials_that_all_fail_do_not_stop_a_sampler(strategy: str) -> None:
    sampler = create_sampler(sampled(strategy, SHORT, SIZE))
    for _ in range(3):
        assert len(sampler.ask(16)) == 16
        sampler.tell([None] * 16)


def test_points_that_a_constraint_refuses_are_not_come_back_to() -> None:
    # The objective rises towards them, so that they look the better the less is known of them.
    request = sampled("bayesian", SHORT, LONG, constraints=["short_period < long_period"])
    sampler = create_sampler(request)
    for _ in range(8):
        batch = sampler.ask(16)
        sampler.tell([params["short_period"] - params["long_period"] for params in batch])
    assert {"short_period": 19, "long_period": 20} in batch


def test_points_that_fail_are_not_come_back_to() -> None:
    sampler = create_sampler(sampled("bayesian", SHORT, LONG))
    failed = []
    for _ in range(8):
        batch = sampler.ask(16)
        gaps = [params["short_period"] - params["long_period"] for params in batch]
        values = [gap if gap < 0 else None for gap in gaps]
        sampler.tell(values)
        failed.append(values.count(None))
    assert max(failed[2:]) < 8


@OPTUNAS
def test_one_parameter_alone(strategy: str) -> None:
    sampler = create_sampler(sampled(strategy, SIZE | {"step": 0.25}))
    for _ in range(2):
        batch = sampler.ask(16)
        assert {params["position_size"] for params in batch} <= {0.25, 0.5, 0.75, 1.0}
        sampler.tell([params["position_size"] for params in batch])


def test_a_grid_is_no_matter_for_optuna() -> None:
    with pytest.raises(ValueError, match="a grid is not sampled"):
        OptunaSampler(a_request())


IN_A_PROCESS = """
import json, sys
from tests.domain.optimizations.test_sampler import EVERY_KIND, create_sampler, points, sampled
found = {each: points(create_sampler(sampled(each, *EVERY_KIND)), 3)
         for each in ("random", "bayesian", "cma_es")}
json.dump(found, sys.stdout)
"""


def test_another_process_with_another_hash_seed_chooses_the_same_points() -> None:
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    run = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS], env=environment, capture_output=True, check=True
    )
    there = json.loads(run.stdout)
    for strategy, found in there.items():
        assert found == points(create_sampler(sampled(strategy, *EVERY_KIND)), 3)


def test_the_grid_needs_no_optuna() -> None:
    program = (
        "import sys; from domain.optimizations import sampler, sweep, lifecycle, results;"
        "from tests.domain.optimizations.making import a_request;"
        "sampler.create_sampler(a_request()).ask(3); sys.exit('optuna' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
