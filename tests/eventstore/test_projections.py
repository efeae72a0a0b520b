"""A projection's table equals a fold of the log: after appends, reopenings, versions, rebuilds."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from eventstore.errors import AppendFailed, InvalidArgument, OpenFailed, ProjectionFailed
from eventstore.events import Event, NewEvent
from eventstore.limits import Limits
from eventstore.store import EventStore
from tests.tampering import tampered


class Totals:
    """Events and payload bytes per stream; raises at an event of the type ``poison``."""

    def __init__(self, version: int = 1, name: str = "totals") -> None:
        self.name = name
        self.version = version
        self.folded: list[int] = []

    def create(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            f"CREATE TABLE {self.name} "
            "(stream TEXT PRIMARY KEY, events INT, bytes INT, version INT)"
        )

    def drop(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"DROP TABLE IF EXISTS {self.name}")

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        for event in events:
            if event.type == "poison":
                raise ValueError("this event cannot be folded")
            assert event.attachment is None
            self.folded.append(event.position)
            connection.execute(
                f"INSERT INTO {self.name} VALUES (?, 1, ?, ?) ON CONFLICT (stream) "
                "DO UPDATE SET events = events + 1, bytes = bytes + excluded.bytes",
                (event.stream, len(event.payload), self.version),
            )


async def fill(store: EventStore, rounds: int = 3) -> None:
    for _ in range(rounds):
        for stream in "abc":
            version = await store.head(stream)
            events = [NewEvent("log", b"x" * (version + 1), b"tape")] * 2
            await store.append(stream, events, version)


async def totals(store: EventStore, name: str = "totals") -> list[tuple[Any, ...]]:
    return await store.query(f"SELECT * FROM {name} ORDER BY stream")


async def folded_by_hand(store: EventStore, version: int = 1) -> list[tuple[Any, ...]]:
    rows = []
    for stream in "abc":
        events = await store.read(stream)
        if events:
            rows.append((stream, len(events), sum(len(e.payload) for e in events), version))
    return rows


async def checkpoints(store: EventStore) -> list[tuple[Any, ...]]:
    return await store.query("SELECT name, version, position FROM projections ORDER BY name")


async def test_a_reader_reads_what_it_wrote(log: Path) -> None:
    async with await EventStore.open(log, projections=[Totals()]) as store:
        for version in range(5):
            await store.append("a", [NewEvent("log", b"{}")], version)
            assert await totals(store) == [("a", version + 1, 2 * (version + 1), 1)]
            assert await checkpoints(store) == [("totals", 1, version + 1)]


async def test_each_event_is_folded_once_in_order_whatever_the_grouping(log: Path) -> None:
    projection = Totals()
    async with await EventStore.open(log, projections=[projection]) as store:
        await asyncio.gather(
            *(store.append(f"s{n}", [NewEvent("log", b"{}")] * 3, 0) for n in range(30))
        )

    assert projection.folded == list(range(1, 91))


async def test_a_new_projection_is_folded_from_the_log_at_opening(log: Path) -> None:
    async with await EventStore.open(log) as store:
        await fill(store)

    projection = Totals()
    limits = Limits(refold_events=4)
    async with await EventStore.open(log, projections=[projection], limits=limits) as store:
        assert projection.folded == list(range(1, 19))
        assert await totals(store) == await folded_by_hand(store)
        assert await checkpoints(store) == [("totals", 1, 18)]


async def test_a_projection_that_was_away_catches_up(log: Path) -> None:
    async with await EventStore.open(log, projections=[Totals()]) as store:
        await fill(store)
    async with await EventStore.open(log) as store:
        await fill(store, rounds=1)

    projection = Totals()
    async with await EventStore.open(log, projections=[projection]) as store:
        assert projection.folded == list(range(19, 25))
        assert await totals(store) == await folded_by_hand(store)


async def test_an_up_to_date_projection_is_left_alone(log: Path) -> None:
    async with await EventStore.open(log, projections=[Totals()]) as store:
        await fill(store)

    projection = Totals()
    async with await EventStore.open(log, projections=[projection]) as store:
        assert projection.folded == []
        assert await totals(store) == await folded_by_hand(store)


@pytest.mark.parametrize("version", [0, 2])
async def test_another_version_is_built_anew(log: Path, version: int) -> None:
    async with await EventStore.open(log, projections=[Totals()]) as store:
        await fill(store)

    async with await EventStore.open(log, projections=[Totals(version)]) as store:
        assert await totals(store) == await folded_by_hand(store, version)
        assert await checkpoints(store) == [("totals", version, 18)]


async def test_a_log_that_has_lost_its_last_events_is_not_written_again(log: Path) -> None:
    async with await EventStore.open(log, projections=[Totals()]) as store:
        await fill(store)
    with tampered(log) as connection:
        connection.execute("DELETE FROM events WHERE position > 15")

    with pytest.raises(OpenFailed, match="ends at position 15, but projection 'totals' has fold"):
        await EventStore.open(log, projections=[Totals()])

    async with await EventStore.open(log, read_only=True) as store:
        assert await store.head() == 15
        assert await checkpoints(store) == [("totals", 1, 18)]


async def test_a_rebuild_gives_the_same_table(log: Path) -> None:
    async with await EventStore.open(log, projections=[Totals(), Totals(name="other")]) as store:
        await fill(store)
        before = await totals(store)

        await store.rebuild("totals")

        assert await totals(store) == before == await folded_by_hand(store)
        assert await checkpoints(store) == [("other", 1, 18), ("totals", 1, 18)]
        await fill(store, rounds=1)
        assert await totals(store) == await totals(store, "other") == await folded_by_hand(store)


async def test_a_rebuild_among_appends_misses_none(log: Path) -> None:
    async def appender(store: EventStore, stream: str) -> None:
        for version in range(30):
            await store.append(stream, [NewEvent("log", b"{}")], version)

    async with await EventStore.open(log, projections=[Totals()]) as store:
        async with asyncio.TaskGroup() as tasks:
            for stream in "abc":
                tasks.create_task(appender(store, stream))
            for _ in range(5):
                await store.rebuild("totals")

        assert await totals(store) == await folded_by_hand(store)


async def test_readers_keep_the_old_table_until_the_rebuild_is_done(log: Path) -> None:
    class Slow(Totals):
        slow = False

        def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
            super().apply(connection, events)
            if self.slow:
                seen.append(asyncio.run_coroutine_threadsafe(totals(store), loop).result(30))

    loop = asyncio.get_running_loop()
    seen: list[list[tuple[Any, ...]]] = []
    projection = Slow()
    limits = Limits(refold_events=5)
    async with await EventStore.open(log, projections=[projection], limits=limits) as store:
        await fill(store)
        before = await totals(store)
        projection.slow = True

        await store.rebuild("totals")

    assert seen == [before] * 4


async def test_a_rebuild_that_fails_leaves_the_table_as_it_was(log: Path) -> None:
    class Fickle(Totals):
        failing = False

        def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
            super().apply(connection, events)
            if self.failing and events[-1].position > 10:
                raise ValueError("no more")

    projection = Fickle()
    limits = Limits(refold_events=5)
    async with await EventStore.open(log, projections=[projection], limits=limits) as store:
        await fill(store)
        before = await totals(store)
        projection.failing = True
        with pytest.raises(ProjectionFailed, match="ValueError: no more") as caught:
            await store.rebuild("totals")
        assert isinstance(caught.value.__cause__, ValueError)
        assert await totals(store) == before
        projection.failing = False
        await fill(store, rounds=1)
        assert await totals(store) == await folded_by_hand(store)


async def test_a_projection_that_raises_fails_the_append_and_keeps_its_table(log: Path) -> None:
    async with await EventStore.open(log, projections=[Totals(), Totals(name="other")]) as store:
        await fill(store, rounds=1)
        with pytest.raises(AppendFailed, match="cannot be folded"):
            await store.append("a", [NewEvent("log", b"{}"), NewEvent("poison", b"{}")], 2)

        assert await totals(store) == await totals(store, "other") == await folded_by_hand(store)


async def test_a_projection_that_cannot_be_folded_fails_the_opening(log: Path) -> None:
    async with await EventStore.open(log) as store:
        await store.append("a", [NewEvent("poison", b"{}")], 0)

    with pytest.raises(ProjectionFailed, match="cannot be folded"):
        await EventStore.open(log, projections=[Totals()])
    async with await EventStore.open(log) as store:
        assert await checkpoints(store) == []


async def test_executescript_in_a_projection_is_named_as_the_mistake(log: Path) -> None:
    class Scripted(Totals):
        def create(self, connection: sqlite3.Connection) -> None:
            connection.executescript("CREATE TABLE totals (stream TEXT PRIMARY KEY) STRICT;")

    with pytest.raises(ProjectionFailed, match=r"'totals' ended.*executescript"):
        await EventStore.open(log, projections=[Scripted()])


async def test_names_are_known_and_unique(log: Path) -> None:
    with pytest.raises(InvalidArgument, match="same name"):
        await EventStore.open(log, projections=[Totals(), Totals(2)])
    async with await EventStore.open(log, projections=[Totals()]) as store:
        with pytest.raises(ProjectionFailed, match="'missing'; this store has: totals"):
            await store.rebuild("missing")
