"""The search space: values of each kind, what is refused, and the points of a grid."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import InvalidRequest
from domain.optimizations.constraints import read_constraints
from domain.optimizations.parameters import Parameter
from domain.optimizations.search_space import SearchSpace, grid, grid_size, normalise


def parameter(**fields: Any) -> Parameter:
    (normalised,) = normalise(SearchSpace([Parameter(name="p", **fields)])).parameters
    return normalised


def refusal(**fields: Any) -> str:
    with pytest.raises(InvalidRequest) as raised:
        parameter(**fields)
    return str(raised.value).removeprefix("search_space.parameters[0].")


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({"kind": "int_range", "low": 1, "high": 4}, [1, 2, 3, 4]),
        ({"kind": "int_range", "low": 10, "high": 25, "step": 10}, [10, 20]),
        ({"kind": "int_range", "low": -2.0, "high": 2.0, "step": 2.0}, [-2, 0, 2]),
        ({"kind": "float_range", "low": 0.1, "high": 0.5, "step": 0.1}, [0.1, 0.2, 0.3, 0.4, 0.5]),
        ({"kind": "float_range", "low": 0, "high": 1, "step": 0.4}, [0.0, 0.4, 0.8]),
        ({"kind": "float_range", "low": 0.8, "high": 0.9, "step": 0.1}, [0.8, 0.9]),
        ({"kind": "float_range", "low": 0, "high": 0.3}, [0.0, 0.1, 0.2, 0.3]),
        ({"kind": "log_uniform", "low": 0.001, "high": 1}, [0.001, 0.01, 0.1, 1.0]),
        ({"kind": "choice", "values": ["x", 1, 2.5, True, ["A"]]}, ["x", 1, 2.5, True, ["A"]]),
    ],
)
def test_the_values_of_a_grid_with_four_steps(fields: dict[str, Any], values: list[Any]) -> None:
    found = list(parameter(**fields).grid(4))
    assert found == values
    assert list(map(type, found)) == list(map(type, values))
    assert parameter(**fields).grid_length(4) == len(values)


@given(st.floats(1e-9, 1e6), st.floats(1.001, 1e6), st.integers(2, 50))
def test_a_logarithmic_grid_is_evenly_spaced_between_its_ends(
    low: float, factor: float, steps: int
) -> None:
    each = parameter(kind="log_uniform", low=low, high=low * factor)
    values = each.grid(steps)
    assert (values[0], values[-1]) == (each.low, each.high)
    logs = [math.log(value) for value in values]
    width = (logs[-1] - logs[0]) / (steps - 1)
    assert all(math.isclose(b - a, width, rel_tol=1e-6) for a, b in pairwise(logs))


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6), st.integers(1, 1000))
def test_counted_values_stay_within_the_bounds(low: int, width: int, step: int) -> None:
    assume(step <= width)
    for kind, unit in (("int_range", 1), ("float_range", 10)):
        each = parameter(kind=kind, low=low / unit, high=(low + width) / unit, step=step / unit)
        assert each.length is not None
        bottom, top = each.bounds
        last = each.value(each.length - 1)
        assert each.value(0) == bottom
        assert last <= top < last + (each.step or 0) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kind": "int_range", "low": 5, "high": 5}, "low: 5 is not below high 5"),
        ({"kind": "float_range", "low": 2, "high": 1.5}, "low: 2 is not below high 1.5"),
        ({"kind": "int_range", "high": 5}, "low: int_range needs it"),
        ({"kind": "log_uniform", "low": 5}, "high: log_uniform needs it"),
        ({"kind": "log_uniform", "low": 0, "high": 1},
         "low: 0 has no logarithm; a log_uniform range begins above 0"),
        ({"kind": "log_uniform", "low": -1, "high": 1},
         "low: -1 has no logarithm; a log_uniform range begins above 0"),
        ({"kind": "log_uniform", "low": 1, "high": 2, "step": 1},
         "step: log_uniform has low, high only"),
        ({"kind": "int_range", "low": 1, "high": 2, "values": [1]},
         "values: int_range has low, high, step only"),
        ({"kind": "int_range", "low": 1.5, "high": 3}, "low: 1.5 is not a whole number"),
        ({"kind": "int_range", "low": 1, "high": 3, "step": 0.5},
         "step: 0.5 is not a whole number"),
        ({"kind": "int_range", "low": 1, "high": 3, "step": 0}, "step: 0 is not above 0"),
        ({"kind": "float_range", "low": 1, "high": 3, "step": -1}, "step: -1 is not above 0"),
        ({"kind": "float_range", "low": 1, "high": 3, "step": 5},
         "step: 5 is more than from low to high, 2"),
        ({"kind": "float_range", "low": 0, "high": 1, "step": 1e-12},
         "step: 1e-12 makes more than 1,000,000,000 values"),
        ({"kind": "choice"}, "values: a choice needs at least one value"),
        ({"kind": "choice", "values": []}, "values: a choice needs at least one value"),
        ({"kind": "choice", "values": ["x", 1, "x"]}, "values[2]: 'x' is there twice"),
        ({"kind": "choice", "values": [True, 1, "1", 1.0]}, "values[3]: 1.0 is there twice"),
        ({"kind": "choice", "values": [["x"], "x", ["x"]]}, "values[2]: ['x'] is there twice"),
        ({"kind": "choice", "values": ["x"], "low": 1}, "low: choice has values only"),
    ],
)  # fmt: skip
def test_what_no_parameter_can_be(fields: dict[str, Any], problem: str) -> None:
    assert refusal(**fields) == problem


def test_parameters_have_names_of_their_own() -> None:
    twice = [Parameter(name=name, kind="choice", values=[1]) for name in ("p", "q", "p")]
    with pytest.raises(InvalidRequest, match=r"parameters\[2\].name: p is there twice"):
        normalise(SearchSpace(twice))


def test_normalising_twice_changes_nothing() -> None:
    for fields in (
        {"kind": "int_range", "low": 1.0, "high": 9},
        {"kind": "float_range", "low": 1, "high": 9, "step": 1},
        {"kind": "log_uniform", "low": 1, "high": 9},
    ):
        space = normalise(SearchSpace([Parameter(name="p", **fields)]))  # type: ignore[arg-type]
        assert normalise(space) == space


SPACE = normalise(
    SearchSpace(
        [
            Parameter(name="fast", kind="int_range", low=1, high=3),
            Parameter(name="slow", kind="choice", values=[2, 3]),
        ]
    )
)


def test_a_grid_is_visited_in_order_the_last_parameter_fastest() -> None:
    assert [(each["fast"], each["slow"]) for each in grid(SPACE, 10)] == [
        (1, 2), (1, 3), (2, 2), (2, 3), (3, 2), (3, 3),
    ]  # fmt: skip
    assert grid_size(SPACE, 10) == 6


def test_points_that_violate_a_constraint_are_left_out() -> None:
    constraints = read_constraints(["fast < slow", "fast + slow != 3"], SPACE.parameters)
    assert [(each["fast"], each["slow"]) for each in grid(SPACE, 10, constraints)] == [
        (1, 3), (2, 3),
    ]  # fmt: skip
