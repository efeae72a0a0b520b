"""What is checked, for how long an answer is good, and that no check can hang the answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from eventstore.errors import AppendFailed
from eventstore.store import EventStore
from service import readiness
from service.execution.executor import Workforce
from service.metrics.writing import Writing
from service.readiness import NotReady, Readiness, readiness_of
from service.settings import Settings
from tests.service.execution.in_process import InProcess

FULL = 1 << 40


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    async with await EventStore.open(tmp_path / "log.db") as store:
        yield store


class Deserted(InProcess):
    """Has no process, and could start none."""

    @property
    def workforce(self) -> Workforce:
        return Workforce(0, 0, 3, "[Errno 11] Resource temporarily unavailable")


async def test_all_is_well(tmp_path: Path, store: EventStore) -> None:
    settings = Settings(data_dir=tmp_path, disk_free_mib_min=0)
    failures = await readiness_of(settings, store, Writing(), InProcess()).failures()
    assert failures == {"log": None, "engines": None, "disk": None}


async def test_each_check_says_what_is_wrong(tmp_path: Path, store: EventStore) -> None:
    settings = Settings(data_dir=tmp_path, disk_free_mib_min=FULL)
    checks = readiness_of(settings, store, Writing(), Deserted())
    await store.close()
    failures = await checks.failures()
    assert failures.keys() == {"log", "engines", "disk"}
    assert failures["log"] == "the store is closed"
    assert failures["engines"] == (
        "no engine process is alive: [Errno 11] Resource temporarily unavailable"
    )
    assert str(failures["disk"]).endswith(f" MiB are free, {FULL} are the least")


async def test_a_log_that_takes_a_page_but_no_append_is_told_for_a_while(
    tmp_path: Path, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0)
    writing = Writing()
    checks = readiness_of(Settings(data_dir=tmp_path), store, writing, InProcess())
    writing.refused(AppendFailed("the disk is full"))
    assert (await checks.failures())["log"] == "the disk is full"
    writing.appended(0.001, 1)
    assert (await checks.failures())["log"] is None
    writing.refused(AppendFailed("the disk is full"))
    monkeypatch.setattr(readiness, "RECENT_MICROSECONDS", 0)
    assert (await checks.failures())["log"] is None


async def test_a_service_that_only_reads_is_not_ready(tmp_path: Path, store: EventStore) -> None:
    async with await EventStore.open(tmp_path / "log.db", read_only=True) as reader:
        failures = await readiness_of(
            Settings(data_dir=tmp_path), reader, Writing(), None
        ).failures()
    assert failures["log"] == "the log was opened read-only"
    assert failures["engines"] == "this service only reads"


async def test_however_many_ask_it_is_looked_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        await anyio.sleep(0.01)
        raise NotReady(f"look {looks}")

    checks = Readiness({"it": look})
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(checks.failures)
    assert await checks.failures() == {"it": "look 1"}
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0)
    later = Readiness({"it": look})
    assert [await later.failures(), await later.failures()] == [{"it": "look 2"}, {"it": "look 3"}]


async def test_a_check_that_hangs_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "CHECK_SECONDS_MAX", 0.02)
    failures = await Readiness({"it": anyio.sleep_forever}).failures()
    assert failures == {"it": "no answer within 0.02 seconds"}


async def test_all_is_looked_at_at_once() -> None:
    other_looked = anyio.Event()

    async def other() -> None:
        other_looked.set()

    checks = {"one": other_looked.wait, "other": other}
    assert await Readiness(checks).failures() == {"one": None, "other": None}
