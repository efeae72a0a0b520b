"""What is kept of streams is never older than anything that can be read of them."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from eventstore.events import NewEvent
from eventstore.store import EventStore
from service.stream_cache import StreamCache

STREAM = "backtest-1"
EVENT = NewEvent("state", b"{}")


class Clock:
    """The writer's clock, which can be stopped: no transaction ends meanwhile."""

    def __init__(self) -> None:
        self.going = threading.Event()
        self.going.set()
        self.asked = threading.Event()

    def __call__(self) -> int:
        """Wait until the clock goes."""
        self.asked.set()
        self.going.wait()
        return 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[EventStore]:
    async with await EventStore.open(tmp_path / "log.db", clock=clock) as store:
        yield store


async def test_a_value_is_kept_until_its_stream_grows(store: EventStore) -> None:
    cache: StreamCache[int] = StreamCache(store)
    assert cache.find(STREAM) is None
    assert await cache.make(STREAM, lambda: store.head(STREAM)) == 0
    assert cache.find(STREAM) == 0
    await store.append("backtest-2", [EVENT], 0)
    assert cache.find(STREAM) == 0
    await store.append(STREAM, [EVENT], 0)
    assert cache.find(STREAM) is None
    assert len(cache) == 0


async def test_a_value_of_the_log_is_kept_until_anything_is_appended(store: EventStore) -> None:
    cache: StreamCache[int] = StreamCache(store)
    await cache.make(None, store.head)
    assert cache.find(None) == 0
    await store.append("backtest-2", [EVENT], 0)
    assert cache.find(None) is None


async def test_who_appended_finds_nothing_from_before(store: EventStore) -> None:
    cache: StreamCache[int] = StreamCache(store)

    async def read_often() -> None:
        while True:
            await cache.make(STREAM, lambda: store.head(STREAM))
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(read_often)
        for version in range(100):
            await store.append(STREAM, [EVENT], version)
            assert cache.find(STREAM) in (None, version + 1)
            await anyio.sleep(0.001)
            assert cache.find(STREAM) in (None, version + 1)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("stream", [STREAM, None])
async def test_nothing_is_found_while_an_append_is_being_written(
    store: EventStore, clock: Clock, stream: str | None
) -> None:
    cache: StreamCache[int] = StreamCache(store)
    await cache.make(stream, lambda: store.head(stream))
    async with anyio.create_task_group() as tasks:
        clock.asked.clear()
        clock.going.clear()
        tasks.start_soon(store.append, STREAM, [EVENT], 0)
        await anyio.to_thread.run_sync(clock.asked.wait)
        # From here to the answer the log's readers may see the event at any moment.
        found = cache.find(stream)
        made = await cache.make(stream, lambda: store.head(stream))
        found_then = cache.find(stream)
        clock.going.set()
    assert (found, made, found_then) == (None, 0, None)
    assert await cache.make(stream, lambda: store.head(stream)) == 1
    assert cache.find(stream) == 1


async def test_what_was_read_while_the_stream_grew_is_not_kept(store: EventStore) -> None:
    cache: StreamCache[int] = StreamCache(store)

    async def slowly() -> int:
        head = await store.head(STREAM)
        await store.append(STREAM, [EVENT], 0)
        return head

    assert await cache.make(STREAM, slowly) == 0
    assert cache.find(STREAM) is None


async def test_nothing_is_kept_of_a_log_that_another_process_writes(
    store: EventStore, tmp_path: Path
) -> None:
    async with await EventStore.open(tmp_path / "log.db", read_only=True) as reading:
        cache: StreamCache[int] = StreamCache(reading)
        assert await cache.make(STREAM, lambda: reading.head(STREAM)) == 0
        assert (cache.find(STREAM), len(cache)) == (None, 0)
        await store.append(STREAM, [EVENT], 0)
        assert await cache.make(STREAM, lambda: reading.head(STREAM)) == 1


async def test_the_least_recently_found_goes_first(store: EventStore) -> None:
    cache: StreamCache[int] = StreamCache(store, entries_max=2)
    for stream in ("a", "b"):
        await cache.make(stream, lambda: store.head(None))
    cache.find("a")
    await cache.make("c", lambda: store.head(None))
    assert [cache.find(stream) is not None for stream in "abc"] == [True, False, True]
