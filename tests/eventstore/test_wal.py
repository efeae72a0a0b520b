"""The WAL stays small beside readers that never stop, and shrinks after one that held it up."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from eventstore.events import NewEvent
from eventstore.limits import DEFAULT_LIMITS
from eventstore.store import EventStore

MEBIBYTE = 1024 * 1024
BIG = NewEvent("log", b"{}", bytes(MEBIBYTE // 8))
WAL_MAX = 2 * DEFAULT_LIMITS.wal_bytes_max


async def fill(store: EventStore, mebibytes: int) -> None:
    start = await store.head("a")
    for number in range(mebibytes):
        await store.append("a", [BIG] * 8, start + 8 * number)


async def test_readers_that_never_stop_do_not_let_it_grow(store: EventStore, log: Path) -> None:
    pages = 0

    async def read_for_ever() -> None:
        nonlocal pages
        while True:
            after = 0
            while page := await store.read_all(after, 10):
                after = page[-1].position
                pages += 1

    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read_for_ever()) for _ in range(6)]
        await fill(store, 80)
        for reader in readers:
            reader.cancel()

    assert pages > 100
    assert log.with_name("log.db-wal").stat().st_size < WAL_MAX
    assert await store.head("a") == 8 * 80


async def test_one_long_snapshot_holds_it_up_for_its_own_time_only(
    store: EventStore, log: Path
) -> None:
    wal = log.with_name("log.db-wal")
    with closing(sqlite3.connect(log, isolation_level=None)) as foreign:
        foreign.execute("BEGIN")
        foreign.execute("SELECT count(*) FROM events").fetchall()
        await fill(store, 80)
        assert wal.stat().st_size > 80 * MEBIBYTE
        foreign.execute("COMMIT")

    await fill(store, 16)

    assert wal.stat().st_size < WAL_MAX
    assert await store.head("a") == 8 * 96
