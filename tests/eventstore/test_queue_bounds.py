"""Past the bound appends wait for room; past the time limit they fail with nothing written."""

import asyncio
import threading
from pathlib import Path

import pytest

from eventstore.errors import AppendTimeout, StoreClosed
from eventstore.events import Appended, NewEvent
from eventstore.limits import Limits
from eventstore.store import EventStore

EVENT = NewEvent("log", b"12345")


@pytest.fixture
def limits() -> Limits:
    return Limits(queue_events_max=4, queue_bytes_max=100, append_wait_seconds=0.2)


async def hold(store: EventStore, tasks: asyncio.TaskGroup) -> None:
    """Keep the writer busy, so that everything that follows is queued."""
    tasks.create_task(store.append("held", [EVENT], 0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_appends_past_the_bound_wait_and_are_written_in_order(
    gated: EventStore, gate: threading.Event
) -> None:
    async with asyncio.TaskGroup() as tasks:
        await hold(gated, tasks)
        appends = [tasks.create_task(gated.append("a", [EVENT], n)) for n in range(20)]
        await asyncio.sleep(0.01)
        gate.set()

    assert [append.result() for append in appends] == [Appended(n + 1, n + 2) for n in range(20)]


@pytest.mark.parametrize("event", [EVENT, NewEvent("log", bytes(25))], ids=["events", "bytes"])
async def test_a_full_queue_fails_what_waits_too_long(
    gated: EventStore, gate: threading.Event, event: NewEvent
) -> None:
    async with asyncio.TaskGroup() as tasks:
        await hold(gated, tasks)
        accepted = [tasks.create_task(gated.append(f"a{n}", [event], 0)) for n in range(4)]
        await asyncio.sleep(0)
        for _ in range(2):
            with pytest.raises(AppendTimeout, match=r"0\.2 seconds"):
                await gated.append("late", [event], 0)
        gate.set()

    assert [append.result().version for append in accepted] == [1] * 4
    assert await gated.head("late") == 0
    assert await gated.head() == 5
    assert await gated.append("late", [event], 0) == Appended(1, 6)


async def test_an_append_that_was_taken_is_awaited_past_its_time(log: Path, limits: Limits) -> None:
    turns = threading.Semaphore(0)

    def clock() -> int:
        turns.acquire(timeout=60)
        return 0

    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, what: complaints.append(what))
    store = await EventStore.open(log, clock=clock, limits=limits)
    async with store, asyncio.TaskGroup() as tasks:
        await hold(store, tasks)
        tasks.create_task(store.append("full", [EVENT] * 4, 0))
        await asyncio.sleep(0)
        waited = tasks.create_task(store.append("waited", [EVENT], 0))
        await asyncio.sleep(0)
        turns.release()
        await asyncio.sleep(2 * limits.append_wait_seconds)
        turns.release(2)

    assert waited.result() == Appended(1, 6)
    assert complaints == []


async def test_a_late_append_does_not_overtake_one_that_waits(
    gated: EventStore, gate: threading.Event
) -> None:
    async with asyncio.TaskGroup() as tasks:
        await hold(gated, tasks)
        streams = ["accepted", "too large for the rest of the queue", "would fit"]
        for stream, count in zip(streams, (2, 3, 1), strict=True):
            tasks.create_task(gated.append(stream, [EVENT] * count, 0))
            await asyncio.sleep(0)
        gate.set()

    order = list(dict.fromkeys(event.stream for event in await gated.read_all()))
    assert order == ["held", *streams]


async def test_an_append_larger_than_the_queue_fits_an_empty_one(
    gated: EventStore, gate: threading.Event
) -> None:
    gate.set()
    assert (await gated.append("a", [EVENT] * 50, 0)).version == 50


async def test_a_caller_cancelled_while_waiting_for_room_writes_nothing(
    gated: EventStore, gate: threading.Event
) -> None:
    async with asyncio.TaskGroup() as tasks:
        await hold(gated, tasks)
        tasks.create_task(gated.append("full", [EVENT] * 4, 0))
        await asyncio.sleep(0)
        expired = asyncio.gather(gated.append("first", [EVENT], 0), return_exceptions=True)
        left = tasks.create_task(gated.append("second", [EVENT], 0))
        await asyncio.sleep(0)
        left.cancel()
        (outcome,) = await expired
        assert isinstance(outcome, AppendTimeout)
        cancelled_then_admitted = tasks.create_task(gated.append("third", [EVENT], 0))
        await asyncio.sleep(0)
        cancelled_then_admitted.cancel()
        await asyncio.sleep(0)
        gate.set()

    assert {event.stream for event in await gated.read_all()} == {"held", "full"}


async def test_closing_refuses_what_waits_for_room_and_writes_what_was_accepted(
    gated: EventStore, gate: threading.Event
) -> None:
    async with asyncio.TaskGroup() as tasks:
        await hold(gated, tasks)
        accepted = tasks.create_task(gated.append("accepted", [EVENT] * 4, 0))
        await asyncio.sleep(0)
        waiting = asyncio.gather(gated.append("waiting", [EVENT], 0), return_exceptions=True)
        left = tasks.create_task(gated.append("left", [EVENT], 0))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.sleep(0)
        closing = tasks.create_task(gated.close())
        (outcome,) = await waiting
        assert isinstance(outcome, StoreClosed)
        assert not closing.done()
        gate.set()

    assert accepted.result() == Appended(4, 5)
