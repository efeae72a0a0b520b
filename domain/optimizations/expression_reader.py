"""Read a condition: Python's own grammar, and of it only what the tree of ``expressions`` has.

The text is parsed, never compiled or evaluated. Whatever is not on the list is refused, and so is
what cannot be meant: an order between a number and a string, say.
"""

import ast
import re
from collections.abc import Mapping
from typing import Literal as OneOf
from typing import NamedTuple, TypeAlias

from domain.errors import DomainError
from domain.optimizations.expressions import (
    Arithmetic,
    Comparison,
    Every,
    Expression,
    Literal,
    Named,
    Negative,
    Not,
    Some,
    Step,
)

Sort: TypeAlias = OneOf["number", "string", "condition", "list", "mixture"]
"""What a value is; a choice between values of several sorts is a ``mixture``."""

CHARACTERS_MAX = 500
DEPTH_MAX = 40
NUMBER_MAX = 10**15
ALLOWED = "parameters, numbers, strings, + - * / // %, comparisons, and, or, not, parentheses"

_ARITHMETIC = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_COMPARISONS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_RUN_ON_NUMBER = re.compile(
    r"(?<![\w.])(?>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)[^\W\d]\w*"
)
_ORDERED = ("number", "string")


class UnreadableExpression(DomainError):
    """A condition cannot be read; the message names the place and what would be right."""


class _Read(NamedTuple):
    expression: Expression
    sort: Sort


def read(text: str, sorts: Mapping[str, Sort]) -> Expression:
    """Read a condition over the parameters that ``sorts`` names, each with its sort.

    Raises ``UnreadableExpression``, whose message begins with the place (``at character 3: …``).
    """
    _check_characters(text)
    body = text.lstrip()
    skipped = len(text) - len(body)
    try:
        parsed = ast.parse(body, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = skipped + (getattr(error, "offset", None) or len(body) + 1)
        problem = error.msg if isinstance(error, SyntaxError) else "it cannot be parsed"
        raise UnreadableExpression(
            f"at character {place}: {problem}; allowed are {ALLOWED}"
        ) from error
    return _Reader(body, skipped, sorts).condition(parsed.body, 1)


def _check_characters(text: str) -> None:
    if len(text) > CHARACTERS_MAX:
        raise UnreadableExpression(f"it has {len(text)} characters, at most {CHARACTERS_MAX}")
    for index, character in enumerate(text):
        # An escape could hide what a string says.
        if character == "\\" or not character.isprintable():
            raise UnreadableExpression(f"at character {index + 1}: {character!r} is not allowed")
    outside = _STRING.sub(lambda string: " " * len(string[0]), text)
    if run_on := _RUN_ON_NUMBER.search(outside):
        # Python would read "1if" as two words, and warn of it on the service's own stderr.
        place, written = run_on.start() + 1, run_on[0]
        raise UnreadableExpression(f"at character {place}: {written!r} is not a number")


class _Reader:
    """Turns a parsed expression into the tree, node by node, checking what each is."""

    def __init__(self, text: str, skipped: int, sorts: Mapping[str, Sort]) -> None:
        self._text = text
        self._skipped = skipped
        self._sorts = sorts

    def condition(self, node: ast.expr, depth: int) -> Expression:
        return self._of_sort("condition", node, depth, "a condition is needed here")

    def _any(self, node: ast.expr, depth: int) -> _Read:
        if depth > DEPTH_MAX:
            raise self._refusal(node, f"it is nested more than {DEPTH_MAX} deep")
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute():
                return self._named(node)
            case ast.UnaryOp():
                return self._unary(node, depth + 1)
            case ast.BinOp() | ast.BoolOp() | ast.Compare():
                return self._joined(node, depth + 1)
            case _:
                raise self._not_allowed(node)

    def _unary(self, node: ast.UnaryOp, depth: int) -> _Read:
        match node.op:
            case ast.Not():
                return _Read(Not(self.condition(node.operand, depth)), "condition")
            case ast.USub():
                return _Read(Negative(self._number(node.operand, depth)), "number")
            case ast.UAdd():
                return _Read(self._number(node.operand, depth), "number")
            case _:
                raise self._not_allowed(node)

    def _joined(self, node: ast.BinOp | ast.BoolOp | ast.Compare, depth: int) -> _Read:
        match node:
            case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
                left, right = (self._number(side, depth) for side in (node.left, node.right))
                return _Read(Arithmetic(_ARITHMETIC[type(op)], left, right), "number")
            case ast.BoolOp(op=connective, values=operands):
                joined = Every if isinstance(connective, ast.And) else Some
                return _Read(
                    joined([self.condition(each, depth) for each in operands]), "condition"
                )
            case ast.Compare():
                return self._comparison(node, depth)
            case _:
                raise self._not_allowed(node)

    def _comparison(self, node: ast.Compare, depth: int) -> _Read:
        first = left = self._any(node.left, depth)
        steps: list[Step] = []
        for op, operand in zip(node.ops, node.comparators, strict=True):
            if type(op) not in _COMPARISONS:
                raise self._not_allowed(node)
            symbol, right = _COMPARISONS[type(op)], self._any(operand, depth)
            self._check_comparable(left.sort, symbol, right.sort, operand)
            steps.append(Step(symbol, right.expression))
            left = right
        return _Read(Comparison(first.expression, steps), "condition")

    def _check_comparable(self, left: Sort, symbol: str, right: Sort, node: ast.expr) -> None:
        if symbol in ("==", "!="):
            if "mixture" not in (left, right) and left != right:
                raise self._refusal(node, f"a {left} never equals a {right}")
        elif left != right or left not in _ORDERED:
            raise self._refusal(
                node, f"{symbol} is for two numbers or two strings, not a {left} and a {right}"
            )

    def _constant(self, node: ast.Constant) -> _Read:
        constant = node.value
        if isinstance(constant, bool):
            return _Read(Literal(constant), "condition")
        if isinstance(constant, str):
            return _Read(Literal(constant), "string")
        if not isinstance(constant, int | float):
            raise self._not_allowed(node)
        if constant > NUMBER_MAX:
            raise self._refusal(node, f"the number is larger than {NUMBER_MAX:.0e}")
        return _Read(Literal(constant), "number")

    def _named(self, node: ast.Name | ast.Attribute) -> _Read:
        name = self._dotted(node)
        if name not in self._sorts:
            there_are = ", ".join(self._sorts)
            raise self._refusal(node, f"there is no parameter {name!r}; there are {there_are}")
        return _Read(Named(name), self._sorts[name])

    def _dotted(self, node: ast.Name | ast.Attribute) -> str:
        # A loop: there is room for more dots than Python goes deep.
        names: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            raise self._not_allowed(node)
        return ".".join([inner.id, *reversed(names)])

    def _number(self, node: ast.expr, depth: int) -> Expression:
        return self._of_sort("number", node, depth, "a number is needed here")

    def _of_sort(self, sort: Sort, node: ast.expr, depth: int, needed: str) -> Expression:
        read = self._any(node, depth)
        if read.sort != sort:
            raise self._refusal(node, f"{needed}, this is a {read.sort}")
        return read.expression

    def _not_allowed(self, node: ast.expr) -> UnreadableExpression:
        written = ast.get_source_segment(self._text, node)
        return self._refusal(node, f"{written!r} is not allowed; allowed are {ALLOWED}")

    def _refusal(self, node: ast.expr, problem: str) -> UnreadableExpression:
        # Python counts the bytes before a node.
        before = self._text.encode()[: node.col_offset].decode()
        return UnreadableExpression(f"at character {self._skipped + len(before) + 1}: {problem}")
