"""User strategies, for this process and the engines that it starts."""

from pathlib import Path

import pytest

from tests.user_strategies import install


@pytest.fixture
def user_strategies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The strategies of ``tests.user_strategies`` are installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", install(folder)["PYTHONPATH"])
    monkeypatch.syspath_prepend(folder)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where a test keeps its log."""
    return tmp_path / "log.db"
