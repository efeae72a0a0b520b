"""Installs ``scripted``, the way anyone's own strategy is installed: by an entry point."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.domain.strategies.installing import install


@pytest.fixture(scope="session", autouse=True)
def scripted_strategy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder: Path = tmp_path_factory.mktemp("site")
    install(folder, scripted="tests.domain.engine.scripted:Scripted")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield
