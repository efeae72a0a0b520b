"""Every queued run is executed: in order, within capacity, whatever breaks on the way."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from pathlib import Path

import anyio
import pytest

from domain.runs.events import EncodedEvent
from domain.runs.lifecycle import RunState
from domain.runs.request import BacktestRequest, normalise
from domain.strategies.code import Code
from eventstore.limits import Limits
from service.execution import dispatcher
from service.execution.executor import ExecutorDied
from service.projections import stream_of
from service.runs import cancel_run, create_run, get_run
from tests.service.execution.in_process import InProcess
from tests.service.execution.running import (
    content,
    dispatching,
    ended,
    error_of,
    opened,
    recorded,
    request_of,
    undisturbed,
    until,
)

REQUEST = request_of()


class Dying(InProcess):
    """Dies after so many events, so many times; what is executed then may be another request."""

    def __init__(self, after: int, times: int, then: BacktestRequest | None = None) -> None:
        super().__init__()
        self._after = after
        self._times = times
        self._then = then

    async def execute(
        self, run_id: str, request: BacktestRequest, code: Code | None
    ) -> AsyncGenerator[list[EncodedEvent], None]:
        """Yield the run's events, or some."""
        self._times -= 1
        left = self._after if self._times >= 0 else None
        asked = request if left is not None or self._then is None else normalise(self._then)
        async with aclosing(super().execute(run_id, asked, code)) as batches:
            async for batch in batches:
                if left is not None:
                    if left == 0:
                        raise ExecutorDied("it died")
                    left -= 1
                yield batch


async def test_runs_that_wait_in_the_log_are_executed_oldest_first(log: Path) -> None:
    executor = InProcess()
    async with opened(log) as store:
        waiting = [(await create_run(store, REQUEST)).run_id for _ in range(5)]
        async with dispatching(store, executor):
            for run_id in waiting:
                assert (await ended(store, run_id)).state is RunState.COMPLETED
        for run_id in waiting:
            assert content(await recorded(store, run_id)) == undisturbed(REQUEST)
    assert executor.begun == waiting


async def test_a_run_that_comes_while_nothing_is_to_do_is_executed(log: Path) -> None:
    executor = InProcess(capacity=3)
    async with opened(log) as store, dispatching(store, executor):
        for _ in range(3):
            run_id = (await create_run(store, REQUEST)).run_id
            assert (await ended(store, run_id)).state is RunState.COMPLETED
    assert len(executor.begun) == 3


async def test_no_more_runs_are_executed_at_once_than_there_is_capacity_for(log: Path) -> None:
    places = anyio.Semaphore(0)

    async def wait_for_place(_: str) -> None:
        await places.acquire()

    executor = InProcess(2, wait_for_place)
    async with opened(log) as store, dispatching(store, executor):
        runs = [(await create_run(store, REQUEST)).run_id for _ in range(5)]
        for done in range(5):
            await until(lambda so_far=done: len(executor.begun) == min(so_far + 2, 5))  # type: ignore[misc]  # mypy cannot infer a lambda's default
            places.release()
        for run_id in runs:
            await ended(store, run_id)
    assert executor.most_at_once == 2
    assert sorted(executor.begun) == sorted(runs)  # the two lanes race for the first event


async def test_a_run_that_the_log_refuses_is_executed_again_until_it_is_taken(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "RETRY_SECONDS", 0.01)
    executor = InProcess()
    async with opened(log) as store, dispatching(store, executor):
        with closing(sqlite3.connect(log, isolation_level=None)) as other:
            other.execute(
                "CREATE TRIGGER full BEFORE INSERT ON events WHEN new.type = 'metric'"
                " BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
            run_id = (await create_run(store, REQUEST)).run_id
            await until(lambda: executor.begun == [run_id] * 3)
            assert (await get_run(store, run_id)).state is RunState.RUNNING
            other.execute("DROP TRIGGER full")
        assert (await ended(store, run_id)).state is RunState.COMPLETED
        assert content(await recorded(store, run_id)) == undisturbed(REQUEST)


async def test_runs_are_executed_although_the_log_could_not_be_read_for_a_while(
    log: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dispatcher, "RETRY_SECONDS", 0.01)
    async with opened(log) as store:
        run_id = (await create_run(store, REQUEST)).run_id
        with closing(sqlite3.connect(log, isolation_level=None)) as other:
            other.execute("ALTER TABLE events RENAME COLUMN payload TO gone")
            async with dispatching(store, InProcess()):
                await until(lambda: "the log cannot be followed" in caplog.messages)
                other.execute("ALTER TABLE events RENAME COLUMN gone TO payload")
                assert (await ended(store, run_id)).state is RunState.COMPLETED
                following = (await create_run(store, REQUEST)).run_id
                assert (await ended(store, following)).state is RunState.COMPLETED


async def test_a_run_whose_events_can_never_be_stored_fails(log: Path) -> None:
    executor = InProcess()
    largest = max(len(event.payload + (event.attachment or b"")) for event in undisturbed(REQUEST))
    async with (
        opened(log, Limits(append_bytes_max=largest - 1)) as store,
        dispatching(store, executor),
    ):
        run_id = (await create_run(store, REQUEST)).run_id
        assert "bytes in one append, the limit is" in await error_of(store, run_id)
        assert executor.begun == [run_id]


async def test_a_run_on_which_the_executor_fails_is_set_aside_until_the_next_start(
    log: Path,
) -> None:
    async def fail_on_the_first(run_id: str) -> None:
        if run_id == first:
            raise RuntimeError("a bug of ours")

    async with opened(log) as store:
        first, second = [(await create_run(store, REQUEST)).run_id for _ in range(2)]
        executor = InProcess(1, fail_on_the_first)
        async with dispatching(store, executor):
            assert (await ended(store, second)).state is RunState.COMPLETED
            third = (await create_run(store, REQUEST)).run_id
            assert (await ended(store, third)).state is RunState.COMPLETED
        assert executor.begun == [first, second, third]
        assert (await get_run(store, first)).state is RunState.QUEUED
        async with dispatching(store, InProcess()):
            assert (await ended(store, first)).state is RunState.COMPLETED


@pytest.mark.parametrize("after", [0, 1, 5, 20])
async def test_a_run_whose_executor_died_goes_on_where_it_was(log: Path, after: int) -> None:
    async with opened(log) as store:
        run_id = (await create_run(store, REQUEST)).run_id
        executor = Dying(after, times=1)
        async with dispatching(store, executor):
            assert (await ended(store, run_id)).state is RunState.COMPLETED
        assert executor.begun == [run_id, run_id]
        assert content(await recorded(store, run_id)) == undisturbed(REQUEST)


@pytest.mark.parametrize("after", [0, 5])
async def test_a_run_whose_executor_always_dies_fails_and_says_so(log: Path, after: int) -> None:
    async with opened(log) as store:
        run_id = (await create_run(store, REQUEST)).run_id
        executor = Dying(after, times=dispatcher.ATTEMPTS_MAX)
        async with dispatching(store, executor):
            error = await error_of(store, run_id)
            assert error == "it died, 3 times in a row while executing this run"
            following = (await create_run(store, REQUEST)).run_id
            assert (await ended(store, following)).state is RunState.COMPLETED
        assert content(await recorded(store, run_id))[:-1] == undisturbed(REQUEST)[: after + 1]


async def test_a_re_execution_that_differs_fails_the_run_and_appends_nothing_else(
    log: Path,
) -> None:
    async with opened(log) as store:
        run_id = (await create_run(store, REQUEST)).run_id
        executor = Dying(after=6, times=1, then=request_of(position_size=0.5))
        async with dispatching(store, executor):
            error = await error_of(store, run_id)
        assert error.startswith("event 2: the log holds a state event that the run's re-execution")
        assert content(await recorded(store, run_id))[:-1] == undisturbed(REQUEST)[:7]


@pytest.mark.parametrize("behind", [False, True])
async def test_a_run_cancelled_before_its_first_event_is_never_heard_of_again(
    log: Path, behind: bool
) -> None:
    """Cancelled while it is claimed and about to begin, or while it waits behind another."""
    begin = anyio.Event()

    async def wait(run_id: str) -> None:
        if run_id == first:
            await begin.wait()

    executor = InProcess(1, wait)
    async with opened(log) as store:
        first, second = [(await create_run(store, REQUEST)).run_id for _ in range(2)]
        async with dispatching(store, executor):
            await until(lambda: executor.begun == [first])
            cancelled, other = (second, first) if behind else (first, second)
            await cancel_run(store, cancelled)
            if behind:
                begin.set()  # otherwise only the cancellation ends it
            assert (await ended(store, other)).state is RunState.COMPLETED
            last = (await create_run(store, REQUEST)).run_id
            assert (await ended(store, last)).state is RunState.COMPLETED
        states = [event.payload for event in await recorded(store, cancelled)]
        assert len(states) == 2
        assert b'"cancelled"' in states[1]
    assert executor.begun == ([first, last] if behind else [first, second, last])


async def test_an_event_that_meets_a_cancellation_is_not_stored(log: Path) -> None:
    async def cancel(run_id: str) -> None:
        # The executor goes on at once, before the dispatcher can have seen it.
        with anyio.CancelScope(shield=True):
            await cancel_run(store, run_id)

    async with opened(log) as store, dispatching(store, InProcess(1, cancel)):
        run_id = (await create_run(store, REQUEST)).run_id
        assert (await ended(store, run_id)).state is RunState.CANCELLED
        other = (await create_run(store, REQUEST)).run_id
        assert (await ended(store, other)).state is RunState.CANCELLED
        assert await store.head(stream_of(run_id)) == 2
