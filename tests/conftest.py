"""Fixtures for every test."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# What numba compiles on its first call takes longer than any deadline worth having.
settings.register_profile("backtape", deadline=None)
settings.load_profile("backtape")


def pytest_configure(config: pytest.Config) -> None:
    """Tell what the marks mean."""
    config.addinivalue_line("markers", "ray: on a real Ray cluster, started on loopback")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the service itself runs on."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture(autouse=True)
def logging_left_as_found() -> Iterator[None]:
    """A command that a test calls in this process configures logging for all of it."""
    root, access = logging.getLogger(), logging.getLogger("uvicorn.access")
    handlers, level = list(root.handlers), root.level
    access_handlers, propagate = list(access.handlers), access.propagate
    yield
    root.handlers, root.level = handlers, level
    access.handlers, access.propagate = access_handlers, propagate
    structlog.reset_defaults()
