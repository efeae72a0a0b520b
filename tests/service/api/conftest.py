"""One service for each test module: it starts in half a second, and its log is the module's own."""

from collections.abc import AsyncIterator

import pytest

from tests.service.api.running import Service, running_service


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the service itself runs on, for as long as the module's service."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service with the sample prices and two engines."""
    async with running_service(tmp_path_factory.mktemp("data")) as service:
        yield service
