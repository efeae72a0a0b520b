"""How deep JSON is nested is counted as a decoder would."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.nesting import is_nested_deeper

VALUES = st.recursive(
    st.none() | st.integers() | st.text(alphabet='[]{}"\\/,x'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('[]{}"\\'), inner),
    max_leaves=12,
)


def depth(value: Any) -> int:
    match value:
        case list():
            return 1 + max(map(depth, value), default=0)
        case dict():
            return 1 + max(map(depth, value.values()), default=0)
        case _:
            return 0


@given(VALUES, st.integers(0, 6))
def test_it_is_the_depth_of_the_decoded_value(value: Any, levels: int) -> None:
    assert is_nested_deeper(msgspec.json.encode(value), levels) == (depth(value) > levels)


@pytest.mark.parametrize(
    "text", [rb'["\\", "\"[[[", "\\\"]"]', rb'{"[{": "\u005b[[[["}', b"[ ]", b'""', b"7"]
)
def test_what_is_in_strings_does_not_count(text: bytes) -> None:
    assert not is_nested_deeper(text, 1)


def test_many_that_are_not_deep_pass() -> None:
    assert not is_nested_deeper(b"[" + b"[],{}," * 100_000 + b"[]]", 2)
