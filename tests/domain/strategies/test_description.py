"""What the API tells of a strategy."""

from typing import Any

import msgspec
import pytest

from domain.strategies.code import Code
from domain.strategies.description import describe
from domain.strategies.registry import BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_strategy_is_described_for_people_and_for_forms(name: str) -> None:
    described = describe(name, "built_in", BUILT_IN[name])
    sent = msgspec.json.decode(msgspec.json.encode(described))
    assert (sent["name"], sent["source"], sent["error"]) == (name, "built_in", None)
    assert sent["kind"] in ("signal", "event")
    assert sent["description"].endswith(".")
    (schema,) = sent["schema"]["$defs"].values()
    properties: dict[str, Any] = schema["properties"]
    assert [each["name"] for each in sent["parameters"]] == list(properties)
    for each in sent["parameters"]:
        assert properties[each["name"]].get("default") == each["default"]
        assert properties[each["name"]]["description"] == each["description"]


def test_a_parameter_that_json_cannot_say_is_the_strategys_error() -> None:
    source = b"""
from domain.strategies.base import SignalStrategy

class Odd(SignalStrategy, frozen=True):
    odd: complex = 1j

    def targets(self, bars, symbols):
        return bars.close
"""
    described = describe("odd", "file", Code("odd", "", source).load())
    assert described.error is not None
    assert described.error.startswith("cannot be described: ")
    assert described.parameters == []
