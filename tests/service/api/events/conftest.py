"""One service without engines for each test module."""

from collections.abc import AsyncIterator

import pytest

from tests.service.api.events.quiet_service import QuietService, quiet_service


@pytest.fixture(scope="module")
async def quiet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[QuietService]:
    """A service whose runs only the test writes."""
    async with quiet_service(tmp_path_factory.mktemp("data")) as service:
        yield service
