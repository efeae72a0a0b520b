"""The service takes as many connections as the system lets it, whatever the shell's own limit."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.faults import service_in

SHELL_FILES_MAX = 512


@pytest.fixture
def most() -> Iterator[int]:
    """The system's limit on open files; that of a process started here is much lower."""
    shell, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (SHELL_FILES_MAX, most))
    yield most
    resource.setrlimit(resource.RLIMIT_NOFILE, (shell, most))


async def test_a_low_limit_on_open_files_is_raised(tmp_path: Path, most: int) -> None:
    async with service_in(tmp_path) as service:
        (tmp_path / "data").mkdir()
        await service.start()
        raised = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
        await service.process.terminate()
    assert most > SHELL_FILES_MAX
    assert raised == (most, most)
