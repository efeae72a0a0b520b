"""Conditions over parameters as a tree: what is left of an expression once it has been read.

A tree holds nothing but these nodes, so evaluating one can do nothing but compare and calculate.
"""

import abc
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

Values: TypeAlias = Mapping[str, Any]

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Expression(abc.ABC):
    """A node of the tree."""

    @abc.abstractmethod
    def value(self, values: Values) -> Any:
        """Evaluate it with these parameters. Raises ``ArithmeticError`` (a division by 0, say)."""


class Literal(Expression):
    """A number, a string, True or False."""

    def __init__(self, constant: Any) -> None:
        self._constant = constant

    def value(self, values: Values) -> Any:
        """The constant."""
        return self._constant


class Named(Expression):
    """A parameter."""

    def __init__(self, name: str) -> None:
        self._name = name

    def value(self, values: Values) -> Any:
        """The parameter's value."""
        return values[self._name]


class Negative(Expression):
    """A number with the other sign."""

    def __init__(self, operand: Expression) -> None:
        self._operand = operand

    def value(self, values: Values) -> Any:
        """The number, negated."""
        return -self._operand.value(values)


class Arithmetic(Expression):
    """Two numbers, and one of ``ARITHMETIC`` between them."""

    def __init__(self, symbol: str, left: Expression, right: Expression) -> None:
        self._calculate = ARITHMETIC[symbol]
        self._left = left
        self._right = right

    def value(self, values: Values) -> Any:
        """What the two come to."""
        return self._calculate(self._left.value(values), self._right.value(values))


class Step(NamedTuple):
    """One of ``COMPARISONS``, and what is to its right."""

    symbol: str
    right: Expression


class Comparison(Expression):
    """Values in a row, each compared with the one before: ``a < b <= c``."""

    def __init__(self, first: Expression, steps: Sequence[Step]) -> None:
        self._first = first
        self._steps = [(COMPARISONS[step.symbol], step.right) for step in steps]

    def value(self, values: Values) -> bool:
        """Whether each comparison holds; after one that does not no other is made."""
        left = self._first.value(values)
        for holds, operand in self._steps:
            right = operand.value(values)
            if not holds(left, right):
                return False
            left = right
        return True


class Not(Expression):
    """The opposite of a condition."""

    def __init__(self, operand: Expression) -> None:
        self._operand = operand

    def value(self, values: Values) -> bool:
        """Whether the condition does not hold."""
        return not self._operand.value(values)


class Every(Expression):
    """Conditions that all hold; those after the first that does not are not looked at."""

    def __init__(self, operands: Sequence[Expression]) -> None:
        self._operands = operands

    def value(self, values: Values) -> bool:
        """Whether all hold."""
        return all(operand.value(values) for operand in self._operands)


class Some(Expression):
    """Conditions of which one holds; those after it are not looked at."""

    def __init__(self, operands: Sequence[Expression]) -> None:
        self._operands = operands

    def value(self, values: Values) -> bool:
        """Whether one holds."""
        return any(operand.value(values) for operand in self._operands)
