"""One service for each test module, with the sample prices: its log is the module's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.api.running import Service, running_service


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the service itself runs on, for as long as the module's service."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the module's service."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
async def service(folder: Path) -> AsyncIterator[Service]:
    """A service with the sample prices and one engine."""
    async with running_service(folder, engine_processes=1) as service:
        yield service
