"""Conditions over parameters: what they mean, what is refused and where, and that nothing runs."""

import ast
import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidRequest
from domain.optimizations.constraints import hold, read_constraints
from domain.optimizations.expression_reader import (
    ALLOWED,
    CHARACTERS_MAX,
    UnreadableExpression,
    read,
)
from domain.optimizations.parameters import Parameter

PARAMETERS = [
    Parameter(name="a", kind="int_range", low=1, high=9),
    Parameter(name="b", kind="float_range", low=0.5, high=9.0),
    Parameter(name="mode", kind="choice", values=["fast", "slow"]),
    Parameter(name="flag", kind="choice", values=[True, False]),
    Parameter(name="either", kind="choice", values=[1, "none"]),
    Parameter(name="symbols", kind="choice", values=[["AAPL"], ["AAPL", "MSFT"]]),
    Parameter(name="execution.slippage_bps", kind="choice", values=[0, 5.5]),
]
POINT = {
    "a": 3,
    "b": 2.5,
    "mode": "fast",
    "flag": True,
    "either": "none",
    "symbols": ["AAPL"],
    "execution.slippage_bps": 5.5,
}


def holds(text: str, **values: Any) -> bool:
    return hold(read_constraints([text], PARAMETERS), POINT | values)


def refusal(text: str) -> str:
    with pytest.raises(InvalidRequest) as raised:
        read_constraints(["a < 5", text], PARAMETERS)
    assert raised.value.field == "constraints[1]"
    return raised.value.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > b", True),
        ("b < a", True),
        ("a >= 3 and a <= 3", True),
        ("1 < b < a < 4", True),
        ("1 < b < a < 3", False),
        ("a == 3", True),
        ("a == 3.0", True),
        ("a != 3", False),
        ("a + b * 2 == 8", True),
        ("(a + b) * 2 == 11", True),
        ("a - -b == 5.5", True),
        ("+a // 2 == 1 and a % 2 == 1 and a / 2 == 1.5", True),
        ("-7 // 2 == -4", True),
        ("not a < b", True),
        ("a < b or b < a", True),
        ("a < b and b < a or a == 3", True),
        ("mode == 'fast'", True),
        ('mode != "fast"', False),
        ("mode < 'g'", True),
        ("flag", True),
        ("not flag", False),
        ("flag == (a > b)", True),
        ("flag == True", True),
        ("either == 'none'", True),
        ("either == 1", False),
        ("symbols == symbols", True),
        ("execution.slippage_bps <= 5.5", True),
        ("   a<1e1   ", True),
        ("a < 1_000", True),
        ("mode == '1if'", False),
        ("mode == 'å\"'", False),
    ],
)
def test_what_a_condition_means(text: str, expected: bool) -> None:
    assert holds(text) is expected


def test_all_must_hold_and_none_hold_for_every_point() -> None:
    both = read_constraints(["a > 2", "b > 2"], PARAMETERS)
    assert hold(both, POINT)
    assert not hold(both, POINT | {"b": 1.0})
    assert hold([], POINT)


def test_what_cannot_be_computed_does_not_hold() -> None:
    assert not holds("a / (b - b) > 1")
    assert not holds("not a % 0 == 1")
    assert not holds("1e15 * 1e15 * 1e15 * 1e15 * 1e15 // 1 < 10 ** 3".replace("10 ** 3", "0"))
    assert holds("b == 0 or a / b > 1")
    assert not holds("a / b > 1", b=0)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.__class__ == 3",
        "mode.upper() == 'FAST'",
        "abs(a) < 3",
        "symbols[0] == 'AAPL'",
        "[x for x in symbols] == symbols",
        "a ** 9 ** 9 < 3",
        "a << 3 < 9",
        "a | 1 == 3",
        "~a < 3",
        "a if flag else b",
        "lambda: flag",
        "(a := 3) < 4",
        "mode in ('fast', 'slow')",
        "mode is mode",
        "f'{mode}' == mode",
        "mode == b'fast'",
        "a < 3j",
        "either == None",
        "either == ...",
        "{a} == {b}",
        "a, b",
        "await flag",
        "*symbols",
    ],
)
def test_whatever_is_not_on_the_list_is_refused(text: str) -> None:
    assert refusal(text).startswith("at character ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a < abs(b)", f"at character 5: 'abs(b)' is not allowed; allowed are {ALLOWED}"),
        ("a < c", "at character 5: there is no parameter 'c'; there are a, b, mode, flag, either, "
         "symbols, execution.slippage_bps"),
        ("mode == 'ä' and ö", "at character 17: there is no parameter 'ö'"),
        ("  a + mode < 3", "at character 7: a number is needed here, this is a string"),
        ("a", "at character 1: a condition is needed here, this is a number"),
        ("a and flag", "at character 1: a condition is needed here, this is a number"),
        ("a < mode", "at character 5: < is for two numbers or two strings, not a number and a"),
        ("symbols < symbols", "at character 11: < is for two numbers or two strings, not a list"),
        ("either > 1", "at character 10: > is for two numbers or two strings, not a mixture and"),
        ("a == 'fast'", "at character 6: a number never equals a string"),
        ("flag == 1", "at character 9: a condition never equals a number"),
        ("a < 1e999", "at character 5: the number is larger than 1e+15"),
        ("a < 10000000000000001", "at character 5: the number is larger than 1e+15"),
        ("mode == 'a\\n'", "at character 11: '\\\\' is not allowed"),
        ("a <\n b", "at character 4: '\\n' is not allowed"),
        ("a < 1\0", "at character 6: '\\x00' is not allowed"),
        ("1if flag", "at character 1: '1if' is not a number"),
        ("a < 0x10", "at character 5: '0x10' is not a number"),
        ("a <", "at character 4: invalid syntax"),
        ("", "at character 1: invalid syntax"),
        ("a < b; flag", "at character 6: invalid syntax"),
        ("(a < b", "at character 1: '(' was never closed"),
        ("not " * 50 + "flag", "at character 161: it is nested more than 40 deep"),
        ("(" * 300, "at character 201: too many nested parentheses"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_place_and_what_would_be_right(text: str, problem: str) -> None:
    assert refusal(text).startswith(problem)


def test_however_deep_the_caller_is_many_dots_are_a_refusal() -> None:
    def below(levels: int) -> str:
        return below(levels - 1) if levels else refusal("a" + ".a" * 249)

    assert below(400).startswith("at character 1: there is no parameter 'a.a.a")
    assert refusal("(a + b).real < 3").startswith("at character 1: '(a + b).real' is not allowed")


def test_a_condition_has_an_end() -> None:
    problem = f"it has {CHARACTERS_MAX + 1} characters, at most {CHARACTERS_MAX}"
    assert refusal("a" * (CHARACTERS_MAX + 1)) == problem


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else_happens(text: str) -> None:
    found, refusal = None, ""
    try:
        found = read(text, {"a": "number", "flag": "condition"})
    except UnreadableExpression as error:
        refusal = str(error)
    assert (found is None) == bool(refusal)


SYMBOLS = {"<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne}


@given(
    st.recursive(
        st.sampled_from(["a", "b", "2", "0.5"]),
        lambda inner: st.builds(
            "({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner
        ),
        max_leaves=8,
    ),
    st.sampled_from(sorted(SYMBOLS)),
    st.integers(-3, 3),
    st.floats(-3, 3),
)
def test_arithmetic_is_that_of_python(left: str, symbol: str, a: int, b: float) -> None:
    text = f"{left} {symbol} a"
    try:
        expected = bool(eval(compile(ast.parse(text, mode="eval"), "", "eval"), {"a": a, "b": b}))
    except ArithmeticError:
        expected = False
    parameters = [
        Parameter(name="a", kind="int_range", low=-3, high=3),
        Parameter(name="b", kind="float_range", low=-3.0, high=3.0),
    ]
    assert hold(read_constraints([text], parameters), {"a": a, "b": b}) is expected
