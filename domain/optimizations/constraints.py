"""Which points of a search space are allowed: conditions that must hold for them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.errors import InvalidRequest
from domain.optimizations.expression_reader import Sort, UnreadableExpression, read
from domain.optimizations.expressions import Expression
from domain.optimizations.parameters import Parameter


def read_constraints(texts: Sequence[str], parameters: Iterable[Parameter]) -> list[Expression]:
    """Read the conditions of a request. Raises ``InvalidRequest`` naming the place in the text."""
    sorts = {parameter.name: sort_of(parameter) for parameter in parameters}
    conditions = []
    for index, text in enumerate(texts):
        try:
            conditions.append(read(text, sorts))
        except UnreadableExpression as error:
            raise InvalidRequest(f"constraints[{index}]", str(error)) from error
    return conditions


def hold(constraints: Iterable[Expression], params: Mapping[str, Any]) -> bool:
    """Whether a point satisfies every constraint; what cannot be computed (1 / 0) does not hold."""
    try:
        return all(constraint.value(params) for constraint in constraints)
    except ArithmeticError:
        return False


def sort_of(parameter: Parameter) -> Sort:
    """Say what the values of a parameter are."""
    if parameter.values is None:
        return "number"
    sorts = {_sort_of_value(value) for value in parameter.values}
    return sorts.pop() if len(sorts) == 1 else "mixture"


def _sort_of_value(value: object) -> Sort:
    match value:
        case bool():
            return "condition"
        case int() | float():
            return "number"
        case str():
            return "string"
        case _:
            return "list"
