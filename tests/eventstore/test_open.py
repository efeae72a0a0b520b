"""Which files are opened, which are refused, and that those are left as they are."""

# ruff: noqa: ASYNC240 - these tests may block their own loop

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.connection import connect
from eventstore.errors import NotALog, OpenFailed, UnsupportedLogVersion
from eventstore.events import NewEvent
from eventstore.migrations import APPLICATION_ID, IDENTITY, MIGRATIONS, SCHEMA_VERSION, migrate
from eventstore.store import EventStore

EVENT = NewEvent("log", b"{}")


def identity(log: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(log)) as connection:
        application_id, version, _ = connection.execute(IDENTITY).fetchone()
        return application_id, version


@pytest.mark.parametrize("exists", [False, True])
async def test_a_missing_or_empty_file_becomes_a_log(log: Path, exists: bool) -> None:
    if exists:
        log.touch()

    async with await EventStore.open(str(log)) as store:
        assert await store.head() == 0

    assert identity(log) == (APPLICATION_ID, SCHEMA_VERSION)


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_file_that_is_not_sqlite_is_refused(log: Path, read_only: bool) -> None:
    log.write_bytes(b"prices, not events\n" * 100)

    with pytest.raises(NotALog, match=r"log\.db is not an event log"):
        await EventStore.open(log, read_only=read_only)

    assert log.read_bytes() == b"prices, not events\n" * 100


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_foreign_database_is_refused(log: Path, read_only: bool) -> None:
    with closing(sqlite3.connect(log)) as connection:
        connection.execute("CREATE TABLE events (position INTEGER PRIMARY KEY)")
    before = log.read_bytes()

    with pytest.raises(NotALog, match="not an event log"):
        await EventStore.open(log, read_only=read_only)

    assert log.read_bytes() == before


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_log_from_the_future_is_refused(log: Path, read_only: bool) -> None:
    async with await EventStore.open(log) as store:
        await store.append("a", [EVENT], 0)
    with closing(sqlite3.connect(log)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = log.read_bytes()

    with pytest.raises(UnsupportedLogVersion, match=r"schema 99.*newer version") as caught:
        await EventStore.open(log, read_only=read_only)

    assert caught.value.found == 99
    assert log.read_bytes() == before


async def test_a_refused_file_is_not_left_locked(log: Path) -> None:
    log.write_bytes(b"not a log" * 200)
    for _ in range(2):
        with pytest.raises(NotALog):
            await EventStore.open(log)

    log.unlink()
    async with await EventStore.open(log) as store:
        assert await store.head() == 0


async def test_a_read_only_opening_creates_nothing(log: Path) -> None:
    with pytest.raises(OpenFailed, match=r"log\.db"):
        await EventStore.open(log, read_only=True)
    assert list(log.parent.iterdir()) == []

    log.touch()
    with pytest.raises(UnsupportedLogVersion, match="open it once for writing"):
        await EventStore.open(log, read_only=True)


async def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OpenFailed, match="lock file"):
        await EventStore.open(tmp_path / "missing" / "log.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(OpenFailed, match=r"folder\.db"):
        await EventStore.open(tmp_path / "folder.db")


async def test_characters_that_mean_something_in_an_address_are_just_a_name(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a log?mode=rw&x=%41#1.db"
    async with await EventStore.open(path) as store:
        await store.append("a", [EVENT], 0)
        assert await store.head() == 1

    assert path.exists()


def test_a_later_migration_is_applied_to_what_is_there(log: Path, tmp_path: Path) -> None:
    with closing(connect(log)) as connection:
        connection.execute("INSERT INTO projections VALUES ('kept', 1, 0)")
        later = tmp_path / "later.sql"
        later.write_text("ALTER TABLE projections ADD COLUMN note TEXT;")

        migrate(connection, SCHEMA_VERSION, [*MIGRATIONS, later])

        assert connection.execute("SELECT * FROM projections").fetchall() == [("kept", 1, 0, None)]
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION + 1,)


def test_a_migration_that_fails_half_way_changes_nothing(log: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sql"
    broken.write_text("CREATE TABLE half (x INT) STRICT; CREATE TABLE half (x INT) STRICT;")
    with closing(connect(log)) as connection, pytest.raises(sqlite3.OperationalError):
        migrate(connection, SCHEMA_VERSION, [*MIGRATIONS, broken])

    assert identity(log) == (APPLICATION_ID, SCHEMA_VERSION)
    with closing(sqlite3.connect(log)) as connection:
        assert (
            connection.execute("SELECT * FROM sqlite_schema WHERE name = 'half'").fetchall() == []
        )


async def test_every_commit_is_on_disk_before_it_is_acknowledged(log: Path) -> None:
    with closing(connect(log)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert connection.execute("PRAGMA recursive_triggers").fetchone() == (1,)
