"""A caller that is cancelled leaves its events written whole or not at all, and a usable store."""

import asyncio
import threading

import pytest

from eventstore.chain import verify, without_gaps
from eventstore.events import NewEvent
from eventstore.store import EventStore

EVENTS = [NewEvent("log", b"1"), NewEvent("log", b"2", b"tape")]


@pytest.mark.parametrize("passes", range(12))
async def test_cancelled_after_any_number_of_passes_of_the_loop(
    store: EventStore, passes: int
) -> None:
    for _ in range(5):
        before = await store.head("a")
        async with asyncio.TaskGroup() as tasks:
            append = tasks.create_task(store.append("a", EVENTS, before))
            for _ in range(passes):
                await asyncio.sleep(0)
            append.cancel()

        await store.append("b", EVENTS, await store.head("b"))  # the writer has moved on
        assert await store.head("a") in (before, before + 2)
        verify(without_gaps(await store.read_all()))


@pytest.mark.parametrize("milliseconds", [0.1, 0.3, 1, 3])
async def test_cancelled_at_any_time_among_others(store: EventStore, milliseconds: float) -> None:
    async with asyncio.TaskGroup() as tasks:
        appends = [tasks.create_task(store.append(f"s{n}", EVENTS, 0)) for n in range(40)]
        await asyncio.sleep(milliseconds / 1000)
        for append in appends[::2]:
            append.cancel()

    for number, append in enumerate(appends):
        head = await store.head(f"s{number}")
        assert head == 2 if not append.cancelled() else head in (0, 2)
    verify(without_gaps(await store.read_all()))


async def test_what_the_writer_has_not_taken_is_not_written(
    gated: EventStore, gate: threading.Event
) -> None:
    async with asyncio.TaskGroup() as tasks:
        taken = tasks.create_task(gated.append("taken", EVENTS, 0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        queued = tasks.create_task(gated.append("queued", EVENTS, 0))
        kept = tasks.create_task(gated.append("kept", EVENTS, 0))
        await asyncio.sleep(0)
        taken.cancel()
        queued.cancel()
        await asyncio.sleep(0)
        gate.set()

    assert taken.cancelled()
    assert queued.cancelled()
    assert kept.result().position == 4
    assert [event.stream for event in await gated.read_all()] == ["taken"] * 2 + ["kept"] * 2


async def test_a_failure_that_nobody_waits_for_any_more_is_dropped(
    gated: EventStore, gate: threading.Event
) -> None:
    async with asyncio.TaskGroup() as tasks:
        conflicting = tasks.create_task(gated.append("a", EVENTS, 5))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        conflicting.cancel()
        gate.set()
        await gated.append("a", EVENTS, 0)

    assert conflicting.cancelled()
    assert await gated.head() == 2


async def test_followers_hear_of_an_append_whose_caller_left(
    gated: EventStore, gate: threading.Event
) -> None:
    pages = gated.follow("a")
    async with asyncio.TaskGroup() as tasks:
        append = tasks.create_task(gated.append("a", EVENTS, 0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        append.cancel()
        gate.set()
        assert len(await anext(pages)) == 2
    await pages.aclose()


async def test_a_cancelled_read_leaves_its_connection_usable(store: EventStore) -> None:
    await store.append("a", EVENTS, 0)
    for passes in range(6):
        async with asyncio.TaskGroup() as tasks:
            reads = [tasks.create_task(store.read("a")) for _ in range(10)]
            for _ in range(passes):
                await asyncio.sleep(0)
            for read in reads[::2]:
                read.cancel()
        assert all(len(read.result()) == 2 for read in reads[1::2])

    await store.append("a", EVENTS, 2)
    assert [len(page) for page in await asyncio.gather(*(store.read("a") for _ in range(9)))] == [
        4
    ] * 9
