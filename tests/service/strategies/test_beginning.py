"""What `backtape strategy new` writes works as it stands, and takes nothing's place."""

from pathlib import Path
from typing import Literal

import pytest

from domain.errors import InvalidRequest
from service.strategies.beginning import begin
from service.strategies.examination import examine


@pytest.mark.parametrize("kind", ["signal", "event"])
def test_a_new_strategy_trades_and_does_not_look_ahead(
    tmp_path: Path, kind: Literal["signal", "event"]
) -> None:
    path = begin("my_own", kind, tmp_path / "new")
    assert path == tmp_path / "new" / "my_own.py"
    assert "class MyOwn(" in path.read_text()
    assert "emplate" not in path.read_text()
    report = examine(path, {"period": 5}, moments=4, seed=1)
    assert report.clean
    assert len(report.moments) == 4


@pytest.mark.parametrize("name", ["My", "my-own", "1st", "", "a.b", "../up", "rsi", "none"])
def test_a_name_that_cannot_be_used_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^name: "):
        begin(name, "signal", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = begin("my_own", "signal", tmp_path)
    before = path.read_text()
    with pytest.raises(FileExistsError):
        begin("my_own", "event", tmp_path)
    assert path.read_text() == before


def test_parameters_of_the_checked_file_are_checked(tmp_path: Path) -> None:
    path = begin("my_own", "signal", tmp_path)
    with pytest.raises(InvalidRequest, match=r"strategy\.params\.period"):
        examine(path, {"period": 1}, moments=1, seed=0)
    path.write_text("1 / 0\n")
    with pytest.raises(InvalidRequest, match="ZeroDivisionError"):
        examine(path, {}, moments=1, seed=0)
