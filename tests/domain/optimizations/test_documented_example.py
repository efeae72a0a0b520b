"""What docs/optimization.md shows is a request, and what it says of constraints is so."""

import re
from pathlib import Path

import msgspec
import pytest

from domain.errors import InvalidRequest
from domain.optimizations.constraints import read_constraints
from domain.optimizations.parameters import Parameter
from domain.optimizations.request import OptimizationRequest, grid_of, normalise, trials_of
from tests.domain.optimizations.making import posted

DOCUMENT = (Path(__file__).parents[3] / "docs" / "optimization.md").read_text()


def test_the_request_is_one() -> None:
    (example,) = re.findall(r"```json\n(\{.*?\n\})\n```", DOCUMENT, re.DOTALL)[:1]
    request = normalise(msgspec.json.decode(example, type=OptimizationRequest))
    assert trials_of(request) == sum(1 for _ in grid_of(request)) == 90


def test_every_field_is_documented_with_its_default() -> None:
    section = DOCUMENT[DOCUMENT.index("## The request") : DOCUMENT.index("## The search space")]
    rows = re.findall(r"^\| `([^`]*)` \|[^|]*\| ([^|]*) \|", section, re.MULTILINE)
    written = {name.removesuffix(".parameters"): default for name, default in rows}
    request = posted()
    assert written == {
        field.name: "required" if field.required else default_of(getattr(request, field.name))
        for field in msgspec.structs.fields(OptimizationRequest)
    }


def default_of(value: object) -> str:
    return "null" if value is None else str(value)


def test_the_constraints_are_read_and_refused_as_shown() -> None:
    block = re.search(r"\n\n((?:    .*\n)+)\nThere are parameters, numbers", DOCUMENT)
    assert block is not None
    periods = [
        Parameter(name=name, kind="int_range", low=1, high=9)
        for name in ("short_period", "long_period")
    ]
    others = [
        Parameter(name="execution.slippage_bps", kind="float_range", low=0.0, high=9.0),
        Parameter(name="mode", kind="choice", values=["fast", "slow"]),
        Parameter(name="use_stop", kind="choice", values=[True, False]),
    ]
    shown = [line.strip() for line in block[1].splitlines()]
    assert len(read_constraints(shown, periods + others)) == 3
    (refusal,) = re.findall(r"`(constraints\[0\]: [^`]*)`", DOCUMENT)
    with pytest.raises(InvalidRequest) as raised:
        read_constraints(["short_period < long"], periods)
    assert str(raised.value) == refusal
