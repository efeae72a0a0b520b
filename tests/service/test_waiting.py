"""How much may wait: never more, however many come at once, and of one key not all of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from eventstore.events import NewEvent
from eventstore.store import EventStore
from service.waiting import Queue, QueueFull, QueueOfKeyFull, WaitingProjection


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    async with await EventStore.open(
        tmp_path / "log.db", projections=[WaitingProjection()]
    ) as store:
        yield store


def state(name: str, **fields: Any) -> NewEvent:
    return NewEvent("state", msgspec.json.encode({"state": name, **fields}))


async def post(store: EventStore, queue: Queue, stream: str, key: str | None = None) -> None:
    """Accept a run, if there is a place for it."""
    origin = {} if key is None else {"origin": {"key": key}}
    async with queue.place(key):
        await store.append(stream, [state("queued", **origin)], 0)


async def waiting(store: EventStore) -> list[tuple[Any, ...]]:
    return await store.query("SELECT stream, key FROM waiting ORDER BY stream")


async def test_what_is_queued_or_pending_waits_until_its_next_state(store: EventStore) -> None:
    await store.append("backtest-1", [state("queued")], 0)
    await store.append("backtest-2", [state("queued", origin={"key": "ci"})], 0)
    await store.append("optimization-1", [state("pending", origin={"key": "ci"})], 0)
    rows = [("backtest-1", None), ("backtest-2", "ci"), ("optimization-1", "ci")]
    assert await waiting(store) == rows

    await store.append("backtest-1", [state("running"), NewEvent("log", b"{}")], 1)
    await store.append("backtest-2", [state("cancelled")], 1)
    await store.append("optimization-1", [state("running"), state("failed")], 1)
    assert await waiting(store) == []

    await store.append("optimization-1", [state("pending")], 3)  # resumed
    assert await waiting(store) == [("optimization-1", None)]
    assert await store.compare("waiting") is None


async def test_a_crowd_gets_no_more_places_than_there_are(store: EventStore) -> None:
    queue, accepted = Queue(store, 5, 5), []

    async def one(number: int) -> None:
        try:
            await post(store, queue, f"backtest-{number}")
        except QueueFull:
            return
        accepted.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(one, number)
    assert len(accepted) == len(await waiting(store)) <= 5

    for number in range(50, 60):
        await one(number)
    assert len(accepted) == len(await waiting(store)) == 5


async def test_a_place_is_free_again_when_a_run_begins_or_was_not_accepted(
    store: EventStore,
) -> None:
    queue = Queue(store, 1, 1)
    with pytest.raises(RuntimeError, match="it is no good"):
        async with queue.place(None):
            raise RuntimeError("it is no good")
    await post(store, queue, "backtest-1")
    with pytest.raises(QueueFull, match=r"^1 runs and optimizations wait already; try again"):
        await post(store, queue, "backtest-2")
    await store.append("backtest-1", [state("running")], 1)
    await post(store, queue, "backtest-2")


async def test_one_key_cannot_take_all_places(store: EventStore) -> None:
    queue = Queue(store, 4, 2)
    await post(store, queue, "backtest-1", "greedy")
    await post(store, queue, "backtest-2", "greedy")
    with pytest.raises(QueueOfKeyFull, match=r"^2 runs .* of the API key 'greedy' wait already"):
        await post(store, queue, "backtest-3", "greedy")
    await post(store, queue, "backtest-4", "modest")
    await post(store, queue, "backtest-5")
    with pytest.raises(QueueFull):
        await post(store, queue, "backtest-6", "modest")
