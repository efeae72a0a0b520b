"""One Ray cluster for all tests here, and the executor on it."""

import sys
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory

import pytest

from service.execution.ray_cluster import RayCluster
from tests.service.execution.running import NO_PRICES

ROOT = Path(__file__).parents[4]
ARGUMENTS = [str(NO_PRICES), "fail", "1024"]


class Nodes:
    """A cluster of one node with two processors; others may be added and killed."""

    def __init__(self, process: Popen[str]) -> None:
        self._process = process
        self.address = f"127.0.0.1:{self._answer()}"

    def add(self) -> None:
        """Add a node with one processor."""
        self._say("add")

    def kill(self) -> None:
        """Kill the node that was added last."""
        self._say("kill")

    def _say(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        assert self._answer() == word

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@pytest.fixture(scope="session")
def nodes() -> Iterator[Nodes]:
    """A real Ray cluster on loopback."""
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install 'backtape[ray]'")
    # The paths of Ray's sockets may not be long.
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "tests.service.execution.ray.nodes", folder]
        with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as process:
            yield Nodes(process)
            assert process.stdin
            process.stdin.close()


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """One loop for all tests here, so that they share a connection and warm workers."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture(scope="session")
async def cluster(nodes: Nodes) -> AsyncIterator[RayCluster]:
    """An executor on the cluster, connected."""
    async with RayCluster(nodes.address, ARGUMENTS) as executor:
        await executor.connect()
        yield executor
