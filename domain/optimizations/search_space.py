"""What a sweep varies, and every point of it that a grid visits."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from domain.errors import InvalidRequest
from domain.optimizations.constraints import hold
from domain.optimizations.expressions import Expression
from domain.optimizations.parameters import Parameter

Params: TypeAlias = dict[str, Any]
"""By name of the parameter: bool, int, float, string or a list; in the order of the space."""

# Names of parameters that are not the strategy's own.
SYMBOLS = "symbols"
EXECUTION = "execution."

PARAMETERS_MAX = 50
GRID_POINTS_MAX = 100_000


class SearchSpace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters that a sweep varies."""

    parameters: Annotated[list[Parameter], Meta(min_length=1, max_length=PARAMETERS_MAX)]


class Trial(msgspec.Struct, frozen=True):
    """A point to try; ``number`` counts from 0 in the order in which points are asked for."""

    number: int
    params: Params


def normalise(space: SearchSpace) -> SearchSpace:
    """Check each parameter and bring it into its normal form. Raises ``InvalidRequest``."""
    parameters: list[Parameter] = []
    for path, parameter in with_paths(space):
        if any(parameter.name == earlier.name for earlier in parameters):
            raise InvalidRequest(f"{path}.name", f"{parameter.name} is there twice")
        parameters.append(parameter.normalised(path))
    return SearchSpace(parameters)


def with_paths(space: SearchSpace) -> Iterator[tuple[str, Parameter]]:
    """Go through the parameters, each with the path that names it in errors."""
    for index, parameter in enumerate(space.parameters):
        yield f"search_space.parameters[{index}]", parameter


def as_symbols(value: Any) -> list[str]:
    """What a value of the parameter ``symbols`` stands for: a list, or one symbol alone."""
    return [value] if isinstance(value, str) else value


def grid_size(space: SearchSpace, steps: int) -> int:
    """How many points the whole grid has, before any constraint."""
    return prod(parameter.grid_length(steps) for parameter in space.parameters)


def grid(
    space: SearchSpace, steps: int, constraints: Sequence[Expression] = ()
) -> Iterator[Params]:
    """Visit the points of the grid that satisfy every constraint, the last parameter fastest.

    ``steps``: how many values a parameter without steps of its own is given, ends included.
    """
    names = [parameter.name for parameter in space.parameters]
    for values in product(*(parameter.grid(steps) for parameter in space.parameters)):
        params = dict(zip(names, values, strict=True))
        if hold(constraints, params):
            yield params
