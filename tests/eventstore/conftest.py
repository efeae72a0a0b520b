"""A real log in a temporary folder, and one whose writer can be held back."""

import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from eventstore.limits import Limits
from eventstore.store import EventStore


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
async def store(log: Path) -> AsyncIterator[EventStore]:
    async with await EventStore.open(log) as store:
        yield store


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """While it is not set, the writer of ``gated`` stands still inside its transaction."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def limits() -> Limits:
    """Those of ``gated``; a test module may say its own."""
    return Limits()


@pytest.fixture
async def gated(log: Path, gate: threading.Event, limits: Limits) -> AsyncIterator[EventStore]:
    def clock() -> int:
        gate.wait(60)
        return 0

    store = await EventStore.open(log, clock=clock, limits=limits)
    yield store
    gate.set()
    await store.close()
