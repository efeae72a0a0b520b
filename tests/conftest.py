"""Fixtures for every test."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tests.witness import written

# What numba compiles on its first call takes longer than any deadline worth having.
settings.register_profile("backtape", deadline=None)
settings.load_profile("backtape")


def pytest_configure(config: pytest.Config) -> None:
    """Tell what the marks mean."""
    config.addinivalue_line("markers", "ray: on a real Ray cluster, started on loopback")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks through everything that was written comes last."""
    items.sort(key=lambda item: item.path.name == "test_secrets_of_the_session.py")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep in mind whether the servers in this process printed a key."""
    written(report.capstdout + report.capstderr, report.nodeid)


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
