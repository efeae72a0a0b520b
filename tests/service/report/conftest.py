"""A browser for each test module that looks at its pages in one."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.service.report.browsing import chromium

if TYPE_CHECKING:
    from playwright.async_api import Browser


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the browser is driven by, for as long as the module's browser."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator["Browser"]:
    async with chromium() as launched:
        yield launched
