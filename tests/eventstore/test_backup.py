"""A backup is a sound log of one moment, in place only when it is whole; a restore starts anew."""

# ruff: noqa: ASYNC240 - these tests may block their own loop

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.audit import check_log
from eventstore.backup import backup, restore
from eventstore.chain import verify, without_gaps
from eventstore.errors import BackupFailed, LogLocked, NotALog, OpenFailed, StoreClosed
from eventstore.events import NewEvent
from eventstore.findings import Report
from eventstore.store import EventStore

EVENT = NewEvent("log", b"{}" * 100, b"tape")


@pytest.fixture
async def written(log: Path) -> Path:
    async with await EventStore.open(log) as store:
        await store.append("a", [EVENT] * 100, 0)
    return log


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "log.bak"


async def test_a_backup_among_appends_is_one_moment_of_the_log(
    store: EventStore, target: Path
) -> None:
    async def appender(stream: str) -> None:
        for version in range(200):
            await store.append(stream, [EVENT], version)

    async with asyncio.TaskGroup() as tasks:
        for stream in "abc":
            tasks.create_task(appender(stream))
        await asyncio.sleep(0.01)
        report = await store.backup(target)

    assert report.log_id == store.log_id
    assert await store.tree_root(report.size) == (report.size, report.root)
    async with await EventStore.open(target, read_only=True) as copy:
        events = await copy.read_all(limit=1_000_000)
        assert len(events) == report.size
        assert events == await store.read_all(limit=report.size)


async def test_a_backup_is_one_file(written: Path, target: Path) -> None:
    backup(written, target)

    assert [path.name for path in target.parent.iterdir()] == ["log.bak"]
    assert target.read_bytes()[18:20] == b"\1\1"  # not in WAL mode: readable from anywhere


async def test_projections_are_part_of_it(written: Path, target: Path) -> None:
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.executescript("CREATE TABLE mine (x); INSERT INTO mine VALUES (42)")

    backup(written, target)

    async with await EventStore.open(target, read_only=True) as copy:
        assert await copy.query("SELECT x FROM mine") == [(42,)]


async def test_an_existing_file_is_replaced_only_when_told(written: Path, target: Path) -> None:
    target.write_bytes(b"precious")
    with pytest.raises(BackupFailed, match="exists already"):
        backup(written, target)
    assert target.read_bytes() == b"precious"

    backup(written, target, overwrite=True)

    assert check_log(target).events == 100


async def test_a_file_that_came_in_between_is_not_replaced_either(
    written: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def audit_slowly(path: Path) -> Report:
        target.write_bytes(b"precious")
        return check_log(path)

    monkeypatch.setattr("eventstore.backup.check_log", audit_slowly)
    with pytest.raises(BackupFailed, match="exists already"):
        backup(written, target)

    assert target.read_bytes() == b"precious"


async def test_the_log_itself_is_never_the_target(written: Path) -> None:
    with pytest.raises(BackupFailed, match="the log itself"):
        backup(written, written, overwrite=True)
    assert check_log(written).events == 100


async def test_a_log_that_was_tampered_with_is_not_called_a_backup(
    written: Path, target: Path
) -> None:
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.executescript(
            "DROP TRIGGER events_are_never_updated;"
            "UPDATE events SET payload = x'00' WHERE position = 70"
        )

    for copy in (backup, restore):
        with pytest.raises(BackupFailed, match="is not sound"):
            copy(written, target)
        assert not target.exists()


async def test_what_cannot_be_read_or_written_says_so(written: Path, target: Path) -> None:
    with pytest.raises(OpenFailed):
        backup(target.with_name("missing.db"), target)
    with pytest.raises(BackupFailed, match="cannot be written"):
        backup(written, target.parent / "missing" / "log.bak")
    target.with_name("prices").write_bytes(b"no log" * 1000)
    with pytest.raises(NotALog):
        restore(target.with_name("prices"), target)
    assert not target.exists()


async def test_a_restored_log_holds_the_same_events_under_another_id(
    written: Path, target: Path, tmp_path: Path
) -> None:
    backup(written, target)
    restored = tmp_path / "restored.db"

    report = restore(target, restored)

    async with await EventStore.open(restored) as store, await EventStore.open(written) as old:
        assert store.log_id == report.log_id != old.log_id
        assert await store.read_all() == await old.read_all()
        assert await store.tree_root() == await old.tree_root()
        await store.append("a", [EVENT], 100)
        verify(without_gaps(await store.read_all()))


async def test_a_restore_takes_the_place_of_a_log_only_when_told_and_nobody_writes_it(
    written: Path, target: Path
) -> None:
    backup(written, target)
    async with await EventStore.open(written) as store:
        with pytest.raises(LogLocked):
            restore(target, written, overwrite=True)
        await store.append("a", [EVENT], 100)
    with pytest.raises(BackupFailed, match="exists already"):
        restore(target, written)
    assert check_log(written).events == 101

    restore(target, written, overwrite=True)

    async with await EventStore.open(written) as restored:
        assert await restored.head() == 100
        assert restored.log_id != store.log_id


async def test_a_wal_left_by_a_dead_writer_does_not_reach_the_restored_log(
    written: Path, target: Path, tmp_path: Path
) -> None:
    backup(written, target)
    async with await EventStore.open(written) as store:
        await store.append("b", [EVENT] * 50, 0)
        wal = written.with_name("log.db-wal").read_bytes()
    assert len(wal) > 0
    written.with_name("log.db-wal").write_bytes(wal)

    restore(target, written, overwrite=True)

    report = check_log(written)
    assert (report.findings, report.events) == ([], 100)


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
async def test_what_is_left_of_another_log_is_not_taken_for_that_of_the_new_one(
    written: Path, target: Path, tmp_path: Path, suffix: str
) -> None:
    backup(written, target)
    for new, make in [(tmp_path / "new.db", restore), (tmp_path / "copy.db", backup)]:
        left = new.with_name(new.name + suffix)
        left.write_bytes(b"left over")
        with pytest.raises(BackupFailed, match=f"{suffix} exists already; it was left as it is"):
            make(target, new)
        assert left.read_bytes() == b"left over"
        assert not new.exists()


async def test_a_closed_store_makes_no_backup(store: EventStore, target: Path) -> None:
    await store.close()
    with pytest.raises(StoreClosed):
        await store.backup(target)
