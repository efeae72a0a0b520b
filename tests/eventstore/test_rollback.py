"""A transaction that fails takes only the guilty append with it."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.chain import verify, without_gaps
from eventstore.errors import AppendFailed, VersionConflict
from eventstore.events import Appended, Event, NewEvent
from eventstore.statements import INSERT
from eventstore.store import EventStore

GOOD = NewEvent("log", b"{}")
POISON = NewEvent("poison", b"{}")


class Indigestible(Exception):
    """What the projection below raises."""


class Picky:
    """A projection that counts events and cannot fold one type of them."""

    name = "picky"
    version = 1

    def __init__(self, error: type[BaseException] = Indigestible) -> None:
        self.error = error

    def create(self, connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE picky (position INTEGER PRIMARY KEY) STRICT")

    def drop(self, connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE IF EXISTS picky")

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        connection.executemany("INSERT INTO picky VALUES (?)", [(e.position,) for e in events])
        if any(event.type == "poison" for event in events):
            raise self.error("poison")


async def positions(store: EventStore) -> list[int]:
    return [position for (position,) in await store.query("SELECT position FROM picky ORDER BY 1")]


async def test_the_guilty_append_fails_with_its_cause_and_leaves_no_trace(log: Path) -> None:
    async with await EventStore.open(log, projections=[Picky()]) as store:
        await store.append("a", [GOOD], 0)

        with pytest.raises(AppendFailed, match=r"'a' at version 1.*Indigestible: poison") as caught:
            await store.append("a", [GOOD, POISON, GOOD], 1)

        assert isinstance(caught.value.__cause__, Indigestible)
        assert await store.head() == 1
        assert await store.append("a", [GOOD], 1) == Appended(2, 2)
        assert await positions(store) == [1, 2]
        verify(without_gaps(await store.read_all()))


async def test_the_rest_of_its_group_is_written(log: Path) -> None:
    gate = threading.Event()

    def clock() -> int:
        gate.wait(60)
        return 0

    async with await EventStore.open(log, projections=[Picky()], clock=clock) as store:
        appends = [
            store.append("first", [GOOD], 0),
            store.append("a", [GOOD], 0),
            store.append("a", [POISON], 1),
            store.append("a", [GOOD, GOOD], 1),
            store.append("a", [GOOD], 2),
            store.append("b", [POISON], 0),
            store.append("b", [GOOD], 0),
        ]
        waiting = asyncio.gather(*appends, return_exceptions=True)
        await asyncio.sleep(0)
        gate.set()
        outcomes = await waiting

        assert outcomes[:2] == [Appended(1, 1), Appended(1, 2)]
        assert isinstance(outcomes[2], AppendFailed)
        assert outcomes[3] == Appended(3, 4)
        assert isinstance(outcomes[4], VersionConflict)
        assert outcomes[4].actual == 3
        assert isinstance(outcomes[5], AppendFailed)
        assert outcomes[6] == Appended(1, 5)
        assert await positions(store) == [1, 2, 3, 4, 5]
        verify(without_gaps(await store.read_all()))


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, MemoryError])
async def test_not_even_an_attempt_to_exit_stops_the_writer(
    log: Path, error: type[BaseException]
) -> None:
    async with await EventStore.open(log, projections=[Picky(error)]) as store:
        with pytest.raises(AppendFailed):
            await store.append("a", [POISON], 0)

        assert await store.append("a", [GOOD], 0) == Appended(1, 1)


async def test_a_clock_that_raises_fails_the_append_alone(log: Path) -> None:
    times = iter([1])
    async with await EventStore.open(log, clock=times.__next__) as store:
        await store.append("a", [GOOD], 0)
        with pytest.raises(AppendFailed, match="StopIteration"):
            await store.append("a", [GOOD], 1)
        assert await store.head() == 1


class SmallDisk(Picky):
    """Limits the file to a few pages, so that SQLite meets a full disk."""

    def drop(self, connection: sqlite3.Connection) -> None:
        super().drop(connection)
        connection.execute("PRAGMA max_page_count = 30")


async def test_a_full_disk_fails_the_append_and_the_log_stays_usable(log: Path) -> None:
    async with await EventStore.open(log, projections=[SmallDisk()]) as store:
        await store.append("a", [GOOD], 0)

        outcomes = await asyncio.gather(
            store.append("a", [NewEvent("log", b"{}", bytes(1_000_000))], 1),
            store.append("b", [GOOD], 0),
            return_exceptions=True,
        )

        assert isinstance(outcomes[0], AppendFailed)
        assert isinstance(outcomes[0].__cause__, sqlite3.OperationalError)
        assert "full" in str(outcomes[0])
        assert outcomes[1] == Appended(1, 2)
        verify(without_gaps(await store.read_all()))


async def test_a_foreign_write_is_noticed_and_built_upon(store: EventStore, log: Path) -> None:
    await store.append("a", [GOOD], 0)
    with closing(sqlite3.connect(log, isolation_level=None)) as connection:
        connection.execute(INSERT, (2, "a", 2, "log", 0, b"{}", bytes(32), None))

    with pytest.raises(AppendFailed, match="append-only"):
        await store.append("a", [GOOD], 1)

    with pytest.raises(VersionConflict, match="holds 2 events"):
        await store.append("a", [GOOD], 1)
    assert await store.append("a", [GOOD], 2) == Appended(3, 3)


class Vandal(Picky):
    """Closes the connection that it was lent."""

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        connection.close()


async def test_a_writer_that_cannot_even_roll_back_says_so_to_every_caller(log: Path) -> None:
    async with await EventStore.open(log, projections=[Vandal()]) as store:
        for _ in range(2):
            outcomes = await asyncio.gather(
                store.append("a", [GOOD], 0), store.append("b", [GOOD], 0), return_exceptions=True
            )
            assert [type(outcome) for outcome in outcomes] == [AppendFailed, AppendFailed]
            assert "could not roll back" in str(outcomes[0])
        assert await store.head() == 0


class Meddler(Picky):
    """Ends the transaction it was called in."""

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        connection.rollback()


async def test_a_projection_that_ends_the_transaction_is_told_so(log: Path) -> None:
    async with await EventStore.open(log, projections=[Meddler()]) as store:
        with pytest.raises(AppendFailed, match="ended the store's transaction"):
            await store.append("a", [GOOD], 0)
        assert await store.head() == 0
