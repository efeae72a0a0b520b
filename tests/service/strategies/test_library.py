"""Users' strategies are found in packages and in a folder, without running any of their code."""

from pathlib import Path

import pytest

from domain.errors import InvalidRequest
from domain.strategies.code import UnusableCode
from domain.strategies.registry import BUILT_IN
from service.strategies.library import SOURCE_BYTES_MAX, Entry, Library
from tests.domain.strategies.installing import install

EXITS = "raise SystemExit('it was executed')\n"


def problem(folder: Path, name: str, source: str = "file") -> str:
    with pytest.raises(UnusableCode) as raised:
        Library(folder).code(Entry(name, source))  # type: ignore[arg-type]  # one of two
    return str(raised.value)


def test_files_are_strategies_but_for_those_that_begin_with_an_underscore_or_a_dot(
    tmp_path: Path,
) -> None:
    for name in ("mine.py", "_shared.py", ".hidden.py", "notes.txt", "__init__.py"):
        (tmp_path / name).write_text(EXITS)
    entries = Library(tmp_path).entries()
    assert [entry.name for entry in entries if entry.source == "file"] == ["mine"]
    assert [entry.name for entry in entries if entry.source == "built_in"] == sorted(BUILT_IN)


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "nowhere"):
        assert "file" not in {entry.source for entry in Library(folder).entries()}


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for text in ("x = 1\n", "x = 2\n"):
        (tmp_path / "mine.py").write_text(text)
        code = library.code(library.find("mine"))
        assert (code.target, code.package, code.source) == ("mine", "", text.encode())
    (tmp_path / "mine.py").unlink()
    with pytest.raises(InvalidRequest, match="unknown strategy 'mine'; there are "):
        library.find("mine")


def test_an_installed_one_is_read_from_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "someones").mkdir()
    (tmp_path / "someones" / "__init__.py").touch()
    (tmp_path / "someones" / "trends.py").write_text(EXITS)
    install(tmp_path, trend="someones.trends:Trend", gone="nowhere.at_all:Gone", math="math:sqrt")
    monkeypatch.syspath_prepend(tmp_path)
    library = Library(None)
    assert library.find("trend") == Entry("trend", "installed")
    code = library.code(library.find("trend"))
    assert (code.target, code.package) == ("someones.trends:Trend", "someones")
    assert code.source == EXITS.encode()
    unloadable = "cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"
    assert problem(tmp_path, "gone", "installed") == unloadable
    assert "is no Python source" in problem(tmp_path, "math", "installed")


def test_a_name_is_taken_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    install(site, theirs="someones.trends:Trend")
    monkeypatch.syspath_prepend(site)
    for name in ("rsi", "theirs"):
        (tmp_path / f"{name}.py").write_text(EXITS)
    library = Library(tmp_path)
    assert library.find("rsi").source == "built_in"
    assert library.find("theirs").source == "installed"
    taken = "is the name of a strategy that is {}: rename the file"
    assert problem(tmp_path, "rsi") == taken.format("built-in")
    assert problem(tmp_path, "theirs") == taken.format("installed")


def test_a_file_that_cannot_be_kept_says_why(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_bytes(b"#" * (SOURCE_BYTES_MAX + 1))
    (tmp_path / "two words.py").touch()
    (tmp_path / "folder.py").mkdir()
    assert problem(tmp_path, "long") == "has 1,048,577 bytes of source; at most 1,048,576"
    assert "rename it" in problem(tmp_path, "two words")
    assert problem(tmp_path, "folder") == "cannot be read: Is a directory"
