"""Fixtures for every test."""

import pytest


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the service itself runs on."""
    return ("asyncio", {"use_uvloop": True})
