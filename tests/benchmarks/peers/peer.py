"""A peer at work in a process of its own, asked for one run at a time."""

import json
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from tests.benchmarks.peers.environments import python_of


class Timed(NamedTuple):
    """One run: what it took and what it came to."""

    seconds: float
    equity: float


class Peer(AbstractContextManager["Peer"]):
    """A peer with prices in hand; see ``conversation``. ``name`` says which and in what way."""

    def __init__(self, peer: str, way: str, prices: Path) -> None:
        self.name = f"{peer}, {way}"
        self._process = subprocess.Popen(
            command(peer, way, prices), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self) -> Timed:
        """Run once more."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):  # some say other things, too
                return Timed(**json.loads(line))
        raise OSError(f"{self.name} ended with status {self._process.wait()}")

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def command(peer: str, way: str, prices: Path) -> list[str]:
    """The command line of a peer."""
    module = f"tests.benchmarks.peers.with_{peer}"
    return [str(python_of(peer)), "-m", module, str(prices), way]


def cold(arguments: list[str]) -> float:
    """The seconds that a whole process takes which is asked for one run."""
    start = perf_counter()
    subprocess.run(arguments, input="\n", check=True, capture_output=True, text=True)
    return perf_counter() - start
