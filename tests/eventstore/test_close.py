"""Closing writes what was accepted, ends everything, and is final."""

import asyncio
import threading
from pathlib import Path

import pytest

from eventstore.errors import StoreClosed
from eventstore.events import NewEvent
from eventstore.store import EventStore

EVENT = NewEvent("log", b"{}")


async def test_a_closed_store_refuses_everything(store: EventStore) -> None:
    await store.close()
    await store.close()

    for refused in (
        store.append("a", [EVENT], 0),
        store.rebuild("any"),
        store.read("a"),
        store.read_all(),
        store.head(),
        store.query("SELECT 1"),
    ):
        with pytest.raises(StoreClosed):
            await refused


async def test_what_was_accepted_is_written(gated: EventStore, gate: threading.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        appends = [tasks.create_task(gated.append("a", [EVENT], n)) for n in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        appends += [tasks.create_task(gated.append("b", [EVENT], n)) for n in range(3)]
        await asyncio.sleep(0)
        closing = tasks.create_task(gated.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreClosed):
            await gated.append("late", [EVENT], 0)
        gate.set()
        await closing

    assert [append.result().position for append in appends] == [1, 2, 3, 4, 5, 6]


async def test_reads_under_way_are_finished(store: EventStore) -> None:
    await store.append("a", [EVENT] * 100, 0)
    async with asyncio.TaskGroup() as tasks:
        reads = [tasks.create_task(store.read("a")) for _ in range(20)]
        await asyncio.sleep(0)
        await store.close()

    assert [len(read.result()) for read in reads] == [100] * 20


async def test_a_cancelled_close_can_be_repeated(gated: EventStore, gate: threading.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        append = tasks.create_task(gated.append("a", [EVENT], 0))
        await asyncio.sleep(0)
        closing = tasks.create_task(gated.close())
        await asyncio.sleep(0.01)
        closing.cancel()
        await asyncio.sleep(0)
        gate.set()
        await gated.close()

    assert append.result().version == 1


async def test_nothing_is_left_but_the_log_and_its_lock_file(log: Path) -> None:
    threads = set(threading.enumerate())
    async with await EventStore.open(log) as store:
        await store.append("a", [EVENT], 0)
        await store.read("a")

    assert {path.name for path in log.parent.iterdir()} == {"log.db", "log.db.lock"}
    for thread in set(threading.enumerate()) - threads:
        thread.join(10)
        assert not thread.is_alive()
