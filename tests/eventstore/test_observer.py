"""How the writing goes, in numbers; and whether it would."""

# ruff: noqa: ASYNC240 - these tests may block their own loop

import asyncio
import threading
from pathlib import Path

import pytest

from eventstore.errors import (
    AppendTimeout,
    EventStoreError,
    LogNotWritable,
    StoreClosed,
    StoreReadOnly,
    VersionConflict,
)
from eventstore.events import NewEvent
from eventstore.intake import Backlog
from eventstore.limits import Limits
from eventstore.store import EventStore
from tests.eventstore.test_faults import file_size_limit

EVENT = NewEvent("log", b"12345")


class Notes:
    """Everything that an observer is told."""

    def __init__(self) -> None:
        self.events: list[int] = []
        self.seconds: list[float] = []
        self.commits: list[float] = []
        self.refusals: list[EventStoreError] = []

    def appended(self, seconds: float, events: int) -> None:
        self.events.append(events)
        self.seconds.append(seconds)

    def refused(self, error: EventStoreError) -> None:
        self.refusals.append(error)

    def committed(self, seconds: float) -> None:
        self.commits.append(seconds)


async def test_every_append_is_told_and_appends_in_one_transaction_are_one_commit(
    log: Path,
) -> None:
    notes = Notes()
    async with await EventStore.open(log, observer=notes) as store:
        await asyncio.gather(*(store.append(f"stream-{n}", [EVENT] * n, 0) for n in (1, 2, 3)))
        await store.append("stream-4", [EVENT], 0)

    assert notes.events == [1, 2, 3, 1]
    assert len(notes.commits) == 2
    assert min(notes.seconds) >= min(notes.commits) > 0
    assert notes.refusals == []


async def test_an_append_that_was_not_written_is_told_with_its_reason(log: Path) -> None:
    notes, gate = Notes(), threading.Event()

    def clock() -> int:
        gate.wait(60)
        return 0

    limits = Limits(queue_events_max=1, append_wait_seconds=0.05)
    async with (
        await EventStore.open(log, observer=notes, clock=clock, limits=limits) as store,
        asyncio.TaskGroup() as tasks,
    ):
        for stream in ("held", "queued"):
            tasks.create_task(store.append(stream, [EVENT], 0))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        with pytest.raises(AppendTimeout):
            await store.append("no room", [EVENT], 0)
        gate.set()
        with pytest.raises(VersionConflict):
            await store.append("other", [EVENT], 7)

    assert [type(error) for error in notes.refusals] == [AppendTimeout, VersionConflict]
    assert notes.events == [1, 1]


@pytest.fixture
def limits() -> Limits:
    return Limits(queue_events_max=4)


async def test_the_backlog_is_what_the_writer_has_not_taken(
    gated: EventStore, gate: threading.Event
) -> None:
    assert gated.backlog == Backlog(0, 0, 0, 0)
    async with asyncio.TaskGroup() as tasks:
        for stream, count in (("taken", 1), ("accepted", 1), ("also", 3), ("waits", 2)):
            tasks.create_task(gated.append(stream, [EVENT] * count, 0))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert gated.backlog == Backlog(appends=2, events=4, bytes=20, waiting=1)
        gate.set()
    assert gated.backlog == Backlog(0, 0, 0, 0)


async def test_the_sizes_are_those_of_the_files(store: EventStore, log: Path) -> None:
    await store.append("a", [NewEvent("log", b"x" * 100_000)], 0)
    assert store.sizes() == (log.stat().st_size, log.with_name("log.db-wal").stat().st_size)
    assert store.sizes().wal > 100_000
    await store.close()
    assert store.sizes() == (log.stat().st_size, 0)


async def test_a_log_that_can_be_written_says_so_and_stays_as_it_is(
    store: EventStore, log: Path
) -> None:
    before = store.sizes().wal
    await store.require_writable()
    assert store.sizes().wal > before  # it went all the way to the file
    assert await store.head() == 0


async def test_a_log_that_cannot_be_written_says_why_until_it_can(
    store: EventStore, log: Path
) -> None:
    unwritable = pytest.raises(LogNotWritable, match="the log cannot be written: ")
    with file_size_limit(store.sizes().wal), unwritable:
        await store.require_writable()
    await store.require_writable()
    await store.append("a", [EVENT], 0)


async def test_a_log_that_is_closed_or_only_read_is_not_written(
    store: EventStore, log: Path
) -> None:
    async with await EventStore.open(log, read_only=True) as reader:
        with pytest.raises(StoreReadOnly):
            await reader.require_writable()
        with pytest.raises(StoreReadOnly):
            reader.backlog  # noqa: B018 - it raises
    await store.close()
    with pytest.raises(StoreClosed):
        await store.require_writable()


async def test_the_heads_of_many_streams_are_read_at_once(store: EventStore) -> None:
    await store.append("a", [EVENT] * 3, 0)
    await store.append('b "quoted"', [EVENT], 0)
    heads = await store.heads({"a", 'b "quoted"', "c"})
    assert heads == {"a": 3, 'b "quoted"': 1, "c": 0}
    assert await store.heads([]) == {}
