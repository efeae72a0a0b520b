"""Installs the strategies of these tests, the way that anyone's own are: by entry points."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.domain.strategies.installing import install


@pytest.fixture(scope="module", autouse=True)
def scripted_strategy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder: Path = tmp_path_factory.mktemp("site")
    install(
        folder,
        scripted="tests.domain.engine.scripted:Scripted",
        acting="tests.domain.engine.acting:Acting",
        explaining="tests.domain.engine.explaining:Explaining",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield
