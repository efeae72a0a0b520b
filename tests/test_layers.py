"""Three rooms, one direction: what may import what."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "eventstore": {"eventstore"},
    "domain": {"domain"},
    "service": {"service", "domain", "eventstore"},
}
OURS = {*MAY_IMPORT, "tests"}


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Line and module of every import, wherever it stands; a relative one begins with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def violations(room: Path) -> list[str]:
    """Every import in a room that its place does not allow."""
    found = []
    for path in sorted(room.rglob("*.py")):
        for line, module in imports(path.read_text()):
            package = module.partition(".")[0]
            if module.startswith(".") or package in OURS - MAY_IMPORT[room.name]:
                found.append(f"{path.relative_to(room.parent)}:{line} imports {module}")
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    assert len(list((ROOT / room).rglob("*.py"))) > 5
    assert violations(ROOT / room) == []


@pytest.mark.parametrize(
    ("room", "line", "module"),
    [
        ("domain", "import service.core", "service.core"),
        ("domain", "import json, eventstore", "eventstore"),
        ("domain", "from eventstore.events import Event", "eventstore.events"),
        ("eventstore", "from domain import errors", "domain"),
        ("eventstore", "def late():\n    from service.core import Core", "service.core"),
        ("eventstore", "if True:\n    import domain as d", "domain"),
        ("service", "from tests.serving import serve", "tests.serving"),
        ("service", "from . import core", "."),
        ("service", "from ..domain import errors", "..domain"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, room: str, line: str, module: str) -> None:
    planted = tmp_path / room / "deep" / "planted.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(f"import {room}\n{line}\n")
    (found,) = violations(tmp_path / room)
    assert found.startswith(f"{room}/deep/planted.py:")
    assert found.endswith(f" imports {module}")


def test_what_is_allowed_is_not_found(tmp_path: Path) -> None:
    room = tmp_path / "service"
    room.mkdir()
    (room / "fine.py").write_text(
        "import domainlike\nfrom domain import errors\nimport eventstore.store, numpy\n"
    )
    assert violations(room) == []
