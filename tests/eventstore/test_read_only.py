"""A store opened read-only cannot write, and needs no lock."""

import re
from pathlib import Path

import pytest

from eventstore.errors import ReadFailed, StoreReadOnly
from eventstore.events import NewEvent
from eventstore.store import EventStore

EVENT = NewEvent("log", b"{}")


async def test_it_reads_beside_a_writer_and_refuses_to_write(store: EventStore, log: Path) -> None:
    async with await EventStore.open(log, read_only=True) as reader:
        await store.append("a", [EVENT], 0)
        assert await reader.read("a") == await store.read("a")

        with pytest.raises(StoreReadOnly):
            await reader.append("a", [EVENT], 1)
        with pytest.raises(StoreReadOnly):
            await reader.rebuild("any")

    await store.append("a", [EVENT], 1)


async def test_it_leaves_a_log_that_nobody_writes_as_it_is(log: Path) -> None:
    async with await EventStore.open(log) as store:
        await store.append("a", [EVENT], 0)
    before = log.read_bytes()  # noqa: ASYNC240 - a test

    async with await EventStore.open(log, read_only=True) as reader:
        assert await reader.head() == 1

    assert log.read_bytes() == before  # noqa: ASYNC240 - a test
    async with await EventStore.open(log) as store:
        await store.append("a", [EVENT], 1)


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE t (x)", "DELETE FROM events", "SELECT * FROM missing", "SELEC 1"]
)
async def test_a_query_reads_and_nothing_else(store: EventStore, statement: str) -> None:
    for _ in range(4):
        with pytest.raises(ReadFailed, match=re.escape(statement)):
            await store.query(statement)

    assert await store.query("SELECT ?, ?", (1, 2)) == [(1, 2)]
    assert await store.query("SELECT :two", {"two": 2}) == [(2,)]
    await store.append("a", [EVENT], 0)
    assert [await store.head() for _ in range(4)] == [1] * 4
