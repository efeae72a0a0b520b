"""Every byte of every event of the golden runs is as it was when they were recorded."""

from pathlib import Path

import pytest

from domain.engine import tape
from domain.runs.events import Measured, decode
from service.audit.difference import difference
from tests.golden.cases import cases
from tests.golden.recording import digest, names, simulated, stored

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"


def test_every_case_is_kept_and_nothing_else_is() -> None:
    assert names() == sorted(cases())


@pytest.mark.parametrize("name", names())
def test_every_event_is_what_it_was(name: str) -> None:
    kept, now = stored(name), simulated(name)
    for number, (then, event) in enumerate(zip(kept, now, strict=False), start=2):
        assert difference(then, event) is None, f"event {number} of {name} has changed"
    assert len(kept) == len(now)


@pytest.mark.parametrize("name", names())
def test_it_trades(name: str) -> None:
    segments = [event.attachment for event in stored(name) if event.attachment is not None]
    assert sum(len(tape.decode(segment)["fills"]) for segment in segments) >= 3
    measured = [decode(event.type, event.payload) for event in stored(name)]
    assert any(isinstance(each, Measured) for each in measured)


def test_they_changed_with_a_line_in_the_changelog_only() -> None:
    assert f"(golden runs {digest()})" in CHANGELOG.read_text(), (
        "say in CHANGELOG.md why the golden runs changed, in a line that ends with"
        f" (golden runs {digest()})"
    )
