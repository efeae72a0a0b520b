"""Engine processes: given runs, stopped, stalled, killed, replaced."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from domain.runs.events import EncodedEvent
from domain.runs.request import BacktestRequest, normalise
from service.execution import child_process, process_pool
from service.execution.child_process import ChildProcess
from service.execution.executor import ExecutorDied, Workforce
from service.execution.priority import NICENESS
from service.execution.process_pool import ProcessPool
from tests.service.execution.running import NO_PRICES, long_request, request_of, undisturbed, until

BACKLOG_BYTES = 64 * 1024
KERNEL_BYTES_MAX = 512 * 1024  # what the pipe itself may hold, and one read from it


def pool_of(size: int) -> ProcessPool:
    return ProcessPool(size, [str(NO_PRICES), "fail", "4096"])


async def executed(
    pool: ProcessPool, request: BacktestRequest, run_id: str = "a"
) -> list[EncodedEvent]:
    """The events of a run after ``state queued``."""
    events: list[EncodedEvent] = []
    await drain(pool.execute(run_id, normalise(request)), events)
    return events


async def drain(batches: AsyncIterator[list[EncodedEvent]], into: list[EncodedEvent]) -> None:
    """Take all that is left of a run, up to the error that it ends with."""
    async for batch in batches:
        into += batch


def kill(pool: ProcessPool) -> None:
    """Kill the pool's first engine."""
    os.kill(pool.pids[0], signal.SIGKILL)


async def test_an_engine_does_not_see_the_keys_of_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BACKTAPE_API_KEY", "secret")
    async with pool_of(1) as pool:
        environment = await anyio.Path(f"/proc/{pool.pids[0]}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"API_KEY" not in environment


def niceness_of(process: int) -> set[int]:
    """How far the threads of a process stand back."""
    threads = [int(thread.name) for thread in Path(f"/proc/{process}/task").iterdir()]
    return {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are looked up in /proc")
async def test_every_thread_of_an_engine_gives_way_to_the_service() -> None:
    async with pool_of(1) as pool:
        await executed(pool, request_of())
        assert niceness_of(pool.pids[0]) == {os.nice(0) + NICENESS}


def size_of(events: list[EncodedEvent]) -> int:
    """The bytes of the tape in these events."""
    return sum(len(event.attachment or b"") for event in events)


async def test_runs_at_once_and_one_after_another_give_what_they_give_alone() -> None:
    requests = [long_request(), request_of("momentum"), request_of("rsi"), request_of()]
    results: dict[int, list[EncodedEvent]] = {}

    async def execute(number: int) -> None:
        results[number] = await executed(pool, requests[number], str(number))

    async with pool_of(2) as pool:
        async with anyio.create_task_group() as tasks:
            for number in range(len(requests)):
                tasks.start_soon(execute, number)
        assert len(pool.pids) == pool.capacity == 2
    assert pool.pids == []
    for number, request in enumerate(requests):
        assert results[number] == undisturbed(request)[1:]


async def test_a_stopped_run_leaves_its_engine_to_the_next_and_may_be_run_again() -> None:
    async with pool_of(1) as pool:
        engines = pool.pids
        stopped = pool.execute("same", normalise(long_request()))
        await anext(stopped)
        await stopped.aclose()
        assert await executed(pool, request_of(), "same") == undisturbed(request_of())[1:]
        assert pool.pids == engines


async def test_a_run_that_is_closed_at_its_last_event_costs_no_engine() -> None:
    async with pool_of(1) as pool:
        engines = pool.pids
        async with aclosing(pool.execute("a", normalise(request_of()))) as batches:
            async for batch in batches:
                if batch[-1] == undisturbed(request_of())[-1]:
                    break
        assert await executed(pool, request_of()) == undisturbed(request_of())[1:]
        assert pool.pids == engines


@pytest.mark.usefixtures("user_strategies")
async def test_what_a_strategy_prints_stays_out_of_the_frames(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with pool_of(1) as pool:
        assert (
            await executed(pool, request_of("printing")) == undisturbed(request_of("printing"))[1:]
        )
    printed = capfd.readouterr().err
    assert all(word in printed for word in ("printed", "writtenwritten", "echoed"))


@pytest.mark.usefixtures("user_strategies")
async def test_an_engine_that_does_not_let_go_of_a_stopped_run_is_replaced(tmp_path: Path) -> None:
    async with pool_of(1) as pool:
        engines = pool.pids
        stuck = pool.execute("a", normalise(request_of("waiting", file=str(tmp_path / "never"))))
        await anext(stuck)
        await stuck.aclose()
        assert await executed(pool, request_of()) == undisturbed(request_of())[1:]
        assert pool.pids != engines
        assert len(pool.pids) == 1


async def test_an_idle_engine_that_is_killed_is_replaced() -> None:
    async with pool_of(1) as pool:
        (engine,) = pool.pids
        kill(pool)
        await until(lambda: not pool.pids)
        assert await executed(pool, request_of()) == undisturbed(request_of())[1:]
        assert len(pool.pids) == 1
        assert pool.pids != [engine]


async def test_an_engine_killed_in_the_middle_of_a_run_says_so_and_is_replaced() -> None:
    async with pool_of(1) as pool:
        batches = pool.execute("a", normalise(long_request()))
        await anext(batches)
        kill(pool)
        with pytest.raises(ExecutorDied, match="the engine process was killed by signal 9"):
            await drain(batches, [])
        assert await executed(pool, request_of()) == undisturbed(request_of())[1:]


@pytest.mark.usefixtures("user_strategies")
async def test_an_engine_that_dies_while_its_run_is_being_stopped_is_replaced(
    tmp_path: Path,
) -> None:
    async with pool_of(1) as pool:
        stuck = pool.execute("a", normalise(request_of("waiting", file=str(tmp_path / "never"))))
        await anext(stuck)
        kill(pool)
        await stuck.aclose()
        assert await executed(pool, request_of()) == undisturbed(request_of())[1:]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let engines be only a little ahead, so that a small run shows it."""
    monkeypatch.setattr(child_process, "BACKLOG_BYTES_MAX", BACKLOG_BYTES)


@pytest.mark.usefixtures("narrow")
async def test_an_engine_is_never_further_ahead_than_the_backlog() -> None:
    assert size_of(undisturbed(long_request())) > 4 * (BACKLOG_BYTES + KERNEL_BYTES_MAX)
    async with pool_of(1) as pool:
        batches = pool.execute("a", normalise(long_request()))
        await anext(batches)
        await anyio.sleep(1)  # nobody asks for more; the engine would have long finished
        kill(pool)
        sent: list[EncodedEvent] = []
        with pytest.raises(ExecutorDied):
            await drain(batches, sent)
        assert 0 < size_of(sent) < BACKLOG_BYTES + KERNEL_BYTES_MAX


@pytest.mark.usefixtures("narrow")
async def test_a_stalled_run_arrives_whole_once_it_is_asked_for_again() -> None:
    async with pool_of(1) as pool:
        batches = pool.execute("a", normalise(long_request()))
        events = list(await anext(batches))
        await anyio.sleep(0.5)
        await drain(batches, events)
    assert events == undisturbed(long_request())[1:]


@pytest.mark.usefixtures("narrow")
async def test_a_stalled_engine_can_be_killed_and_the_pool_be_closed() -> None:
    async with pool_of(2) as pool:
        first, second = (pool.execute(run_id, normalise(long_request())) for run_id in "ab")
        await anext(first)
        await anext(second)
        await anyio.sleep(0.5)
        kill(pool)
    assert pool.pids == []
    await first.aclose()
    await second.aclose()


@pytest.mark.usefixtures("narrow")
async def test_a_stalled_engine_that_was_killed_makes_room_when_its_run_is_closed() -> None:
    async with pool_of(1) as pool:
        batches = pool.execute("a", normalise(long_request()))
        await anext(batches)
        await anyio.sleep(0.5)
        kill(pool)
        await anyio.sleep(0.1)
        await batches.aclose()
        assert await executed(pool, request_of()) == undisturbed(request_of())[1:]


async def test_an_engine_that_runs_already_is_taken_over_and_ends_with_the_pool() -> None:
    started = await ChildProcess.engine([str(NO_PRICES), "fail", "4096"])
    async with ProcessPool(1, [], started=[started]) as pool:
        assert pool.pids == [started.pid]
        assert await executed(pool, request_of()) == undisturbed(request_of())[1:]
    assert not started.alive
    await started.kill()  # as whoever started it does: no harm


async def test_engines_that_die_idle_are_replaced_before_anybody_needs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_pool, "TEND_SECONDS", 0.02)
    async with pool_of(2) as pool, anyio.create_task_group() as tasks:
        tasks.start_soon(pool.tend)
        killed = pool.pids
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        await until(lambda: pool.workforce.replaced == 2 and len(pool.pids) == 2)
        assert not set(pool.pids) & set(killed)
        assert await executed(pool, request_of()) == undisturbed(request_of())[1:]
        assert pool.workforce == Workforce(2, 0, 2, None)
        tasks.cancel_scope.cancel()


async def test_what_keeps_engines_from_starting_is_told_until_one_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_pool, "TEND_SECONDS", 0.02)
    async with pool_of(1) as pool, anyio.create_task_group() as tasks:
        tasks.start_soon(pool.tend)
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(sys, "executable", "there is no such program")
            kill(pool)
            await until(lambda: pool.workforce.trouble is not None)
            assert pool.workforce == Workforce(0, 0, 1, "[Errno 2] No such file or directory")
        await until(lambda: pool.workforce.alive == 1)
        assert pool.workforce.trouble is None
        tasks.cancel_scope.cancel()
