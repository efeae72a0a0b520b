"""Engines that die under runs of a real log: nothing lost, nothing twice, nothing else harmed."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from domain.runs.lifecycle import RunState
from domain.runs.request import BacktestRequest
from eventstore.store import EventStore
from service.execution import child_process
from service.execution.dispatcher import ATTEMPTS_MAX
from service.execution.process_pool import ProcessPool
from service.runs import cancel_run, create_run
from tests.service.execution.running import (
    NO_PRICES,
    content,
    dispatching,
    ended,
    error_of,
    long_request,
    opened,
    reached,
    recorded,
    request_of,
    undisturbed,
    until,
)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep engines so near to the log that one which is killed was in the middle of its run."""
    monkeypatch.setattr(child_process, "BACKLOG_BYTES_MAX", 64 * 1024)


@asynccontextmanager
async def running(log: Path, engines: int) -> AsyncIterator[tuple[EventStore, ProcessPool]]:
    """A log whose runs are executed by real processes."""
    async with (
        opened(log) as store,
        ProcessPool(engines, [str(NO_PRICES), "fail", "4096"]) as pool,
        dispatching(store, pool),
    ):
        yield store, pool


async def completed(store: EventStore, run_id: str, request: BacktestRequest) -> None:
    """Assert that the run ends as it would have, had nothing happened."""
    assert (await ended(store, run_id)).state is RunState.COMPLETED
    assert content(await recorded(store, run_id)) == undisturbed(request)


async def test_a_run_whose_engine_is_killed_in_the_middle_ends_as_if_nothing_had_happened(
    log: Path,
) -> None:
    request = long_request()
    async with running(log, 1) as (store, pool):
        run_id = (await create_run(store, request)).run_id
        other = (await create_run(store, request_of("rsi"))).run_id
        await reached(store, run_id, 20)
        (killed,) = pool.pids
        os.kill(killed, signal.SIGKILL)
        assert len(await recorded(store, run_id)) < len(undisturbed(request)) / 2
        await completed(store, run_id, request)
        await completed(store, other, request_of("rsi"))
        assert len(pool.pids) == 1
        assert pool.pids != [killed]


@pytest.mark.usefixtures("user_strategies")
async def test_a_run_whose_every_engine_is_killed_fails_and_says_so(
    log: Path, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    async with running(log, 1) as (store, _):
        run_id = (await create_run(store, request_of("killed", file=str(marks)))).run_id
        assert await error_of(store, run_id) == (
            "the engine process was killed by signal 9, 3 times in a row while executing this run"
        )
        assert marks.read_text() == "xxx"
        types = [event.type for event in await recorded(store, run_id)]
        assert types == ["state", "state", "log", "log", "state"]
        following = (await create_run(store, request_of())).run_id
        await completed(store, following, request_of())


async def test_engines_that_are_killed_before_they_can_begin_fail_no_run(log: Path) -> None:
    async with running(log, 1) as (store, pool):
        run_id = (await create_run(store, request_of())).run_id
        killed: set[int] = set()
        for _ in range(ATTEMPTS_MAX):
            await until(lambda: not killed.issuperset(pool.pids))
            (engine,) = pool.pids
            os.kill(engine, signal.SIGKILL)
            killed.add(engine)
        assert len(killed) == ATTEMPTS_MAX
        await completed(store, run_id, request_of())


@pytest.mark.usefixtures("user_strategies")
async def test_a_strategy_that_ends_its_process_fails_its_run_and_harms_no_other(
    log: Path,
) -> None:
    async with running(log, 2) as (store, _):
        beside = (await create_run(store, long_request())).run_id
        exiting = (await create_run(store, request_of("exiting"))).run_id
        behind = (await create_run(store, request_of("momentum"))).run_id
        assert await error_of(store, exiting) == (
            "the engine process exited with status 3, 3 times in a row while executing this run"
        )
        await completed(store, behind, request_of("momentum"))
        await completed(store, beside, long_request())


@pytest.mark.usefixtures("user_strategies")
async def test_what_a_strategy_leaves_behind_holds_nothing_up(log: Path, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers"
    async with running(log, 1) as (store, _):
        leaving = (await create_run(store, request_of("leaving", file=str(numbers)))).run_id
        await until(numbers.exists)
        await cancel_run(store, leaving)
        following = (await create_run(store, request_of())).run_id
        await completed(store, following, request_of())
    left_behind = [int(number) for number in numbers.read_text().split()]
    assert left_behind
    for number in left_behind:
        os.kill(number, signal.SIGKILL)  # raises for one that has ended: nobody waited for it


async def test_a_cancelled_run_gives_its_engine_to_the_next(log: Path) -> None:
    async with running(log, 1) as (store, pool):
        engines = pool.pids
        run_id = (await create_run(store, long_request())).run_id
        await reached(store, run_id, 5)
        await cancel_run(store, run_id)
        following = (await create_run(store, request_of())).run_id
        await completed(store, following, request_of())
        assert pool.pids == engines
        events = content(await recorded(store, run_id))
        assert events[:-1] == undisturbed(long_request())[: len(events) - 1]
        assert b'"cancelled"' in events[-1].payload
