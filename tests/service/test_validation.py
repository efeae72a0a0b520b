"""Validation errors in plain words, wherever in a type they are."""

from enum import Enum
from typing import Any, Literal

import msgspec
import pytest

from service.validation import explain


class Side(Enum):
    BUY = "buy"
    SELL = "sell"


class Leg(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    side: Side | None = None
    size: int = 1

    def __post_init__(self) -> None:
        if self.size == 13:
            raise ValueError("Thirteen is not traded here")


class Spread(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    legs: list[Leg] | None = None
    pair: tuple[Leg, ...] = ()
    tags: dict[str, Side] = {}
    limits: dict[Literal["day", "total"], int] = {}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"legs": [{}, {"side": "hold"}]}, "legs[1].side: invalid enum value 'hold'; allowed: "),
        ({"pair": [{"side": "hold"}]}, "pair[0].side: invalid enum value 'hold'; allowed: "),
        ({"tags": {"a.b": "hold"}}, "tags[...]: invalid enum value 'hold'; allowed: "),
    ],
)
def test_a_wrong_choice_lists_the_choices_however_deep(given: dict[str, Any], line: str) -> None:
    assert explained(given) == line + "buy, sell"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"legs": [{"size": 13}]}, "legs[0]: Thirteen is not traded here"),
        ({"legs": [{"sise": 1}]}, "legs[0]: unknown field `sise`; known: side, size"),
        (
            {"limits": {"week": 1}},
            "a key of limits: invalid enum value 'week'; allowed: day, total",
        ),
        ({"legs": 1}, "legs: expected `array | null`, got `int`"),
        ([], "expected `object`, got `array`"),
    ],
)
def test_the_place_comes_first(given: Any, line: str) -> None:
    assert explained(given) == line


def explained(given: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode(msgspec.json.encode(given), type=Spread)
    return explain(error.value, Spread)
