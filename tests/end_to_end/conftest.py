"""One service with the sample prices for all tests that only use one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.processes import Service, backtape


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample prices; the service runs on it."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    assert backtape("data", "sample", "--data-dir", folder).returncode == 0
    return folder


@pytest.fixture(scope="package")
def service(folder: Path) -> Iterator[Service]:
    service = Service(folder)
    yield service
    service.end()
    assert "Traceback" not in service.stderr
