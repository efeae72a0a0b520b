"""Each log has an id of its own, from its creation on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.connection import PRAGMAS
from eventstore.errors import OpenFailed, UnsupportedLogVersion
from eventstore.events import NewEvent
from eventstore.migrations import MIGRATIONS, migrate
from eventstore.statements import INSERT
from eventstore.store import EventStore


async def log_id(log: Path, *, read_only: bool = False) -> str:
    async with await EventStore.open(log, read_only=read_only) as store:
        return store.log_id


async def test_it_is_made_with_the_log_and_stays(log: Path) -> None:
    first = await log_id(log)

    assert len(bytes.fromhex(first)) == 16
    assert await log_id(log) == await log_id(log, read_only=True) == first


async def test_no_two_logs_share_one(tmp_path: Path) -> None:
    assert len({await log_id(tmp_path / f"{number}.db") for number in range(10)}) == 10


async def test_a_log_of_schema_1_gets_one_and_keeps_its_events(log: Path) -> None:
    row = (1, "a", 1, "log", 0, b"{}", bytes(32), b"tape")
    with closing(sqlite3.connect(log, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        migrate(connection, 0, MIGRATIONS[:1])
        connection.execute(INSERT, row)
    with pytest.raises(UnsupportedLogVersion, match=r"schema 1.*open it once for writing"):
        await EventStore.open(log, read_only=True)

    async with await EventStore.open(log) as store:
        (event,) = await store.read_all()
        assert (event.position, event.payload, event.attachment) == (1, b"{}", b"tape")
        await store.append("a", [NewEvent("log", b"{}")], 1)
        made = store.log_id

    assert await log_id(log, read_only=True) == made


async def test_a_log_that_lost_its_id_is_refused(log: Path) -> None:
    await log_id(log)
    with closing(sqlite3.connect(log, isolation_level=None)) as connection:
        connection.execute("DELETE FROM log_identity")

    for read_only in (False, True):
        with pytest.raises(OpenFailed, match="no log id"):
            await EventStore.open(log, read_only=read_only)
