"""A stored projection held against a fresh fold; and rebuilds that let everybody go on."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.compare import Difference
from eventstore.errors import ProjectionFailed, ReadFailed, StoreClosed, StoreReadOnly
from eventstore.events import Event, NewEvent
from eventstore.limits import Limits
from eventstore.store import EventStore


class Lengths:
    """Two tables: the length of each event's payload, and how many events a stream has."""

    name = "lengths"
    version = 1

    def create(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "CREATE TABLE lengths (position INTEGER PRIMARY KEY, length, half AS (length / 2))"
        )
        connection.execute('CREATE TABLE "per stream" (stream TEXT, events INT) STRICT')
        connection.execute('CREATE INDEX streams ON "per stream" (stream)')

    def drop(self, connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE IF EXISTS lengths")
        connection.execute('DROP TABLE IF EXISTS "per stream"')

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        for event in events:
            row = (event.position, len(event.payload))
            connection.execute("INSERT INTO lengths VALUES (?, ?)", row)
            update = 'UPDATE "per stream" SET events = events + 1 WHERE stream = ?'
            if connection.execute(update, (event.stream,)).rowcount == 0:
                connection.execute('INSERT INTO "per stream" VALUES (?, 1)', (event.stream,))


class Gated(Lengths):
    """Stands still before each page that a rebuild or comparison folds, until let on."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        if "eventstore-writer" not in threading.current_thread().name:
            self.arrived.set()
            self.gate.wait(60)
        super().apply(connection, events)


LIMITS = Limits(refold_events=4)


@pytest.fixture
def projection() -> Gated:
    return Gated()


@pytest.fixture
async def store(log: Path, projection: Gated) -> AsyncIterator[EventStore]:
    async with await EventStore.open(log, projections=[projection], limits=LIMITS) as store:
        for version in range(5):
            for stream in "abc":
                await store.append(stream, [NewEvent("log", b"x" * version)], version)
        yield store
        projection.gate.set()


def tamper(log: Path, statement: str) -> None:
    with closing(sqlite3.connect(log, isolation_level=None)) as connection:
        connection.executescript(statement)


async def everything(store: EventStore) -> list[list[tuple[object, ...]]]:
    return [
        await store.query("SELECT * FROM lengths"),
        await store.query('SELECT rowid, * FROM "per stream"'),
        await store.query("SELECT * FROM projections"),
        await store.query("SELECT type, name, sql FROM sqlite_schema ORDER BY name"),
    ]


async def test_equal_tables_have_no_difference(store: EventStore, log: Path) -> None:
    assert store.projections == ["lengths"]
    assert await store.compare("lengths") is None
    async with await EventStore.open(log, read_only=True, projections=[Lengths()]) as reader:
        assert await reader.compare("lengths") is None


async def test_an_empty_log_has_empty_tables(log: Path) -> None:
    async with await EventStore.open(log, projections=[Lengths()]) as store:
        await store.rebuild("lengths")
        assert await store.compare("lengths") is None
        assert await store.query("SELECT * FROM lengths") == []


@pytest.mark.parametrize(
    ("statement", "table", "stored", "fresh"),
    [
        ("UPDATE lengths SET length = 9 WHERE position = 7", "lengths", (7, 9, 4), (7, 2, 1)),
        ("UPDATE lengths SET length = 2.0 WHERE position = 7", "lengths", (7, 2.0, 1.0), (7, 2, 1)),
        ("DELETE FROM lengths WHERE position = 15", "lengths", None, (15, 4, 2)),
        ("DELETE FROM lengths WHERE position = 3", "lengths", (4, 1, 0), (3, 0, 0)),
        ("INSERT INTO lengths VALUES (99, 0)", "lengths", (99, 0, 0), None),
        ('DELETE FROM "per stream"', "per stream", None, ("a", 5)),
        (
            "UPDATE projections SET position = 14",
            "projections",
            ("lengths", 1, 14),
            ("lengths", 1, 15),
        ),
        ("DELETE FROM projections", "projections", None, ("lengths", 1, 15)),
    ],
)
async def test_the_first_row_that_differs_is_named(
    store: EventStore,
    log: Path,
    statement: str,
    table: str,
    stored: tuple[object, ...] | None,
    fresh: tuple[object, ...] | None,
) -> None:
    tamper(log, statement)

    difference = await store.compare("lengths")

    assert difference == Difference("lengths", table, stored, fresh)
    assert f"table {table}: stored {stored or 'no row'}, a fresh fold gives" in str(difference)


@pytest.mark.parametrize("statement", ["DROP TABLE lengths", "DROP INDEX streams"])
async def test_a_missing_table_or_index_is_a_difference(
    store: EventStore, log: Path, statement: str
) -> None:
    before = await everything(store)
    tamper(log, statement)

    difference = await store.compare("lengths")

    assert difference is not None
    assert (difference.table, difference.stored) == ("sqlite_schema", None)
    await store.rebuild("lengths")
    assert await store.compare("lengths") is None
    assert [sorted(rows, key=repr) for rows in await everything(store)] == [
        sorted(rows, key=repr) for rows in before
    ]


async def test_a_long_row_is_shortened_in_the_message() -> None:
    difference = Difference("p", "t", ("x" * 1000,), None)

    assert "x…, a fresh fold gives no row" in str(difference)
    assert len(str(difference)) < 300


async def test_a_rebuild_restores_the_very_tables(store: EventStore, log: Path) -> None:
    before = await everything(store)
    tamper(log, "UPDATE lengths SET length = 9; DELETE FROM \"per stream\" WHERE stream = 'b'")

    await store.rebuild("lengths")

    assert await everything(store) == before


async def test_appends_and_reads_go_on_during_a_rebuild_and_none_is_lost(
    store: EventStore, projection: Gated
) -> None:
    before = await everything(store)
    projection.gate.clear()
    async with asyncio.TaskGroup() as tasks:
        rebuild = tasks.create_task(store.rebuild("lengths"))
        await asyncio.to_thread(projection.arrived.wait, 60)
        assert await everything(store) == before
        for version in range(5, 25):
            await store.append("a", [NewEvent("log", b"late")], version)
        assert await store.query("SELECT count(*) FROM lengths") == [(35,)]
        assert not rebuild.done()
        projection.gate.set()

    assert await store.query("SELECT count(*) FROM lengths") == [(35,)]
    assert await store.compare("lengths") is None


async def test_what_is_appended_during_a_comparison_is_no_difference(
    store: EventStore, projection: Gated
) -> None:
    projection.gate.clear()
    async with asyncio.TaskGroup() as tasks:
        comparison = tasks.create_task(store.compare("lengths"))
        await asyncio.to_thread(projection.arrived.wait, 60)
        await store.append("a", [NewEvent("log", b"late")] * 10, 5)
        projection.gate.set()

    assert comparison.result() is None


@pytest.mark.parametrize("closing_store", [False, True])
async def test_a_rebuild_can_be_called_off(
    store: EventStore, projection: Gated, closing_store: bool
) -> None:
    before = await everything(store)
    projection.gate.clear()
    rebuild = asyncio.gather(store.rebuild("lengths"), return_exceptions=True)
    await asyncio.to_thread(projection.arrived.wait, 60)
    if closing_store:
        await store.close()
    else:
        rebuild.cancel()
    projection.gate.set()

    if closing_store:
        (outcome,) = await rebuild
        assert isinstance(outcome, StoreClosed)
    else:
        with pytest.raises(asyncio.CancelledError):
            await rebuild
        assert await everything(store) == before
        await store.append("a", [NewEvent("log", b"")], 5)
        assert await store.compare("lengths") is None


async def test_a_table_that_cannot_be_read_is_no_equal_one(store: EventStore, log: Path) -> None:
    tamper(log, "DROP TABLE projections")

    with pytest.raises(ReadFailed, match="lengths"):
        await store.compare("lengths")


async def test_a_projection_that_cannot_be_folded_is_named(log: Path) -> None:
    class Broken(Lengths):
        def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
            raise ZeroDivisionError("no length")

    async with await EventStore.open(log) as store:
        await store.append("a", [NewEvent("log", b"")], 0)
    async with await EventStore.open(log, read_only=True, projections=[Broken()]) as store:
        with pytest.raises(ProjectionFailed, match=r"'lengths' failed after position 0.*no length"):
            await store.compare("lengths")
        with pytest.raises(StoreReadOnly):
            await store.rebuild("lengths")
        with pytest.raises(ProjectionFailed, match="no projection 'missing'; this store has: leng"):
            await store.compare("missing")
    with pytest.raises(StoreClosed):
        await store.compare("lengths")
