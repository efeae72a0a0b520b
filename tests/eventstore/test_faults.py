"""What the machine can do to a log: never a wrong answer, and no harm once the cause is gone."""

# ruff: noqa: ASYNC240, ASYNC221 - these tests may block their own loop

import asyncio
import random
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from eventstore.audit import check_log
from eventstore.chain import verify, without_gaps
from eventstore.errors import AppendFailed, OpenFailed, ReadFailed
from eventstore.events import NewEvent
from eventstore.limits import Limits
from eventstore.store import EventStore

EVENT = NewEvent("log", b"x" * 2000, b"tape" * 500)
KIBIBYTE = 1024
PAGE = 4 * KIBIBYTE


async def append_until_it_fails(store: EventStore, appends: int = 10_000) -> int:
    """How many one-event appends to stream ``a`` were acknowledged before one failed."""
    start = await store.head("a")
    for version in range(start, start + appends):
        try:
            await store.append("a", [EVENT], version)
        except AppendFailed:
            return version - start
    raise AssertionError("every append was written")


async def check_all_is_well(store: EventStore, log: Path, events: int) -> None:
    """Exactly ``events`` are there, all of them right, and the next one is written."""
    assert await store.head("a") == events
    verify(without_gaps(await store.read_all(limit=1_000_000)))
    assert (await store.append("a", [EVENT], events)).position == events + 1
    report = check_log(log)
    assert (report.findings, report.events) == ([], events + 1)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process can grow past ``size``: its writes fail with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_write_that_fails_loses_nothing_and_goes_by(store: EventStore, log: Path) -> None:
    with file_size_limit(200 * KIBIBYTE):
        written = await append_until_it_fails(store)
        assert await append_until_it_fails(store) == 0
        assert await store.head("a") == written
        assert len(await store.read_all()) == written
    assert written > 0

    await check_all_is_well(store, log, written)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system takes privileges that this user has not")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_refuses_appends_until_there_is_room(small_disk: Path) -> None:
    log, ballast = small_disk / "log.db", small_disk / "ballast"
    ballast.write_bytes(bytes(500 * KIBIBYTE))
    async with await EventStore.open(log) as store:
        written = await append_until_it_fails(store)
        assert written > 0
        assert len(await store.read_all()) == written

        ballast.unlink()

        await check_all_is_well(store, log, written)
        written = written + 1 + await append_until_it_fails(store)
    async with await EventStore.open(log, read_only=True) as store:
        assert await store.head() == written
        verify(without_gaps(await store.read_all(limit=1_000_000)))


async def test_a_full_disk_refuses_a_new_log(small_disk: Path) -> None:
    log, ballast = small_disk / "log.db", small_disk / "ballast"
    ballast.write_bytes(bytes(1016 * KIBIBYTE))
    with pytest.raises(OpenFailed):
        await EventStore.open(log)

    ballast.unlink()

    async with await EventStore.open(log) as store:
        await check_all_is_well(store, log, 0)


@pytest.fixture
def impatient() -> Limits:
    return Limits(busy_seconds=0.05)


async def test_a_foreign_lock_refuses_appends_until_it_is_let_go(
    log: Path, impatient: Limits
) -> None:
    async with await EventStore.open(log, limits=impatient) as store:
        await store.append("a", [EVENT], 0)
        with closing(sqlite3.connect(log, isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            with pytest.raises(AppendFailed, match="database is locked"):
                await store.append("a", [EVENT], 1)
            assert len(await store.read_all()) == 1
            foreign.execute("ROLLBACK")

        await check_all_is_well(store, log, 1)


async def test_a_lock_that_goes_in_time_is_waited_for(store: EventStore, log: Path) -> None:
    with closing(sqlite3.connect(log, isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        async with asyncio.TaskGroup() as tasks:
            append = tasks.create_task(store.append("a", [EVENT], 0))
            await asyncio.sleep(0.1)
            assert not append.done()
            foreign.execute("ROLLBACK")

    await check_all_is_well(store, log, 1)


KILLED = """
import asyncio, os, signal, sys
from eventstore.events import NewEvent
from eventstore.store import EventStore

async def main():
    store = await EventStore.open(sys.argv[1])
    for version in range(40):
        await store.append("a", [NewEvent("log", b"%d" % version * 300, b"tape" * 500)], version)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.mark.parametrize("seed", range(12))
async def test_a_torn_wal_gives_a_shorter_log_and_never_a_wrong_one(log: Path, seed: int) -> None:
    command = [sys.executable, "-c", KILLED, str(log)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    wal = log.with_name("log.db-wal")
    content = bytearray(wal.read_bytes())
    chance = random.Random(seed)
    place = chance.randrange(32, len(content))
    print(f"seed {seed}, byte {place} of {len(content)}")
    if seed % 2:
        del content[place:]
    else:
        content[place : place + 16] = chance.randbytes(16)
    wal.write_bytes(content)

    async with await EventStore.open(log) as store:
        events = await store.read("a")
        assert [event.payload for event in events] == [
            b"%d" % version * 300 for version in range(len(events))
        ]
        await check_all_is_well(store, log, len(events))


async def test_a_corrupted_page_is_an_error_and_a_finding_until_it_is_whole_again(
    log: Path,
) -> None:
    small = NewEvent("log", b"{}" * 100)
    async with await EventStore.open(log) as store:
        for version in range(0, 300, 20):
            await store.append("a", [small] * 20, version)
        right = await store.read_all()
    content = log.read_bytes()
    pages = len(content) // PAGE
    assert pages > 20

    refused = 0
    for number in range(pages):
        garbage = random.Random(number).randbytes(PAGE) if number % 2 else bytes(PAGE)
        log.write_bytes(content[: number * PAGE] + garbage + content[(number + 1) * PAGE :])
        try:
            assert check_log(log).findings, f"page {number}"
        except OpenFailed:
            assert number == 0
        try:
            async with await EventStore.open(log, read_only=True) as store:
                assert await store.read_all() == right
                assert await store.read("a") == right
        except (OpenFailed, ReadFailed):
            refused += 1

    assert refused > pages // 2
    log.write_bytes(content)
    async with await EventStore.open(log) as store:
        await check_all_is_well(store, log, 300)
