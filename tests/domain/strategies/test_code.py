"""A user's source becomes a strategy, or says on which line it does not."""

from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import pytest

from domain.strategies import registry
from domain.strategies.base import SignalStrategy
from domain.strategies.code import Code, UnusableCode
from domain.strategies.event import EventStrategy
from tests.domain.engine.building import bars

HALF = b"""
from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta

from domain.strategies.base import SignalStrategy

LOADED = []


class Base(SignalStrategy, frozen=True):
    '''Has no targets yet.'''

    share: Annotated[float, Meta(gt=0, le=1, description="share of the account")] = 0.5


class Half(Base, frozen=True):
    '''Holds half.'''

    def targets(self, bars, symbols):
        LOADED.append(bars)
        return np.full(len(bars), self.share / len(LOADED))
"""
EVENT = b"""
from domain.strategies.event import EventStrategy

class Still(EventStrategy):
    def on_bar(self, context):
        pass
"""


def refusal(source: bytes, target: str = "mine") -> str:
    with pytest.raises(UnusableCode) as raised:
        Code(target, "", source).load()
    return str(raised.value)


def test_a_file_gives_its_only_strategy_whatever_else_is_in_it() -> None:
    strategy = Code("half", "", HALF).load()
    assert strategy.__name__ == "Half"
    assert issubclass(strategy, SignalStrategy)
    assert issubclass(Code("still", "", EVENT).load(), EventStrategy)


def test_an_entry_point_names_the_one_that_is_meant() -> None:
    two = HALF + b"\nclass Other(Half, frozen=True):\n    pass\n"
    assert Code("half:Other", "", two).load().__name__ == "Other"
    assert "found: Half, Other" in refusal(two)


def test_each_load_begins_anew() -> None:
    code = Code("half", "", HALF)
    held = [
        cast("Any", code.load()(share=1.0)).targets(bars("A", [1, 2], [1, 2]), 1) for _ in range(2)
    ]
    np.testing.assert_array_equal(held, [[1, 1], [1, 1]])


def test_parameters_are_checked_and_described_with_annotations_in_any_form() -> None:
    strategy = Code("half", "", HALF).load()
    (share,) = registry.describe(strategy)
    assert str(share) == "share (float above 0 to 1, default 0.5)"
    assert msgspec.convert({"share": 1}, strategy) == strategy(share=1.0)


def test_the_hash_is_that_of_the_bytes() -> None:
    one, other = Code("half", "", HALF), Code("half", "", HALF + b"\n")
    assert len(one.sha256) == 64
    assert one.sha256 != other.sha256


def test_a_relative_import_is_relative_to_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "someones_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "halves.py").write_bytes(HALF)
    monkeypatch.syspath_prepend(tmp_path)
    source = b"from .halves import Half\nclass Mine(Half, frozen=True):\n    pass\n"
    assert Code("mine", "someones_package", source).load().__name__ == "Mine"
    assert "ImportError" in refusal(source)


def test_compiled_code_runs_though_there_is_no_file_to_keep_it_beside() -> None:
    source = HALF.replace(b"self.share / len(LOADED)", b"double(self.share)") + (
        b"\nfrom domain.compiled import compiled\n\n@compiled\ndef double(x):\n    return 2.0 * x\n"
    )
    strategy = cast("Any", Code("half", "", source).load())
    np.testing.assert_array_equal(strategy().targets(bars("A", [1], [1]), 1), [1.0])


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (b"x = (", "cannot be loaded: SyntaxError: '(' was never closed (line 1)"),
        (b"\nimport nowhere", "ModuleNotFoundError: No module named 'nowhere' (line 2)"),
        (b"\n\n1 / 0", "cannot be loaded: ZeroDivisionError: division by zero (line 3)"),
        (b"def f():\n    raise KeyError('k')\nf()", "cannot be loaded: KeyError: 'k' (line 2)"),
        (b"raise SystemExit(3)", "cannot be loaded: SystemExit: 3 (line 1)"),
        (b"\x00", "cannot be loaded: SyntaxError: "),
        (b"\xff", "cannot be loaded: SyntaxError: "),
        (b"", "must define one strategy, a subclass of SignalStrategy or EventStrategy"),
        (b"from domain.strategies.rsi import RelativeStrength", "found: none"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(source: bytes, problem: str) -> None:
    assert problem in refusal(source)


def test_a_named_class_must_be_a_strategy() -> None:
    for name in ("np", "nothing", "Base", "LOADED.append"):
        assert refusal(HALF, f"half:{name}") == (
            f"(half:{name}) is not a subclass of SignalStrategy or EventStrategy"
        )
