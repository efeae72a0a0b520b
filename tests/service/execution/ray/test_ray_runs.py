"""Runs on a real Ray cluster: the same bytes, whatever is stopped, killed or lost."""

import os
import signal
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from domain.runs.events import EncodedEvent, Failed, decode
from domain.runs.request import BacktestRequest, normalise
from domain.strategies.code import Code
from service.execution import dispatcher
from service.execution.dispatcher import Dispatcher
from service.execution.executor import ExecutorDied, LimitExceeded
from service.execution.frames import Execute
from service.execution.ray_cluster import RayCluster
from service.runs import create_run
from tests.service.execution.ray.nodes import PROCESSORS
from tests.service.execution.ray.strategies import code_of, request_for
from tests.service.execution.running import (
    error_of,
    opened,
    request_of,
    undisturbed,
)

pytestmark = pytest.mark.ray

PAUSE = 8  # milliseconds a bar: two seconds a run


async def executed(
    cluster: RayCluster, request: BacktestRequest, code: Code | None = None
) -> list[EncodedEvent]:
    """The events of a run after ``state queued``."""
    return [
        event
        async for batch in cluster.execute("a", normalise(request, code), code)
        for event in batch
    ]


async def test_runs_at_once_and_one_after_another_give_what_they_give_here(
    cluster: RayCluster,
) -> None:
    requests = [request_of("momentum"), request_of("rsi"), request_of()]
    results: dict[int, list[EncodedEvent]] = {}

    async def execute(number: int) -> None:
        results[number] = await executed(cluster, requests[number])

    async with anyio.create_task_group() as tasks:
        for number in range(len(requests)):
            tasks.start_soon(execute, number)
    for number, request in enumerate(requests):
        assert results[number] == undisturbed(request)[1:]
        assert await executed(cluster, request) == results[number]


async def test_a_run_without_prices_fails_as_it_does_here(cluster: RayCluster) -> None:
    asked = BacktestRequest(symbols=["NONE"], start_date="2024-01-01", end_date="2024-12-31")
    request = normalise(asked)
    assert await executed(cluster, request) == undisturbed(request)[1:]


async def test_a_run_that_needs_too_much_memory_fails_alone(cluster: RayCluster) -> None:
    code = code_of("Greedy")
    last = (await executed(cluster, request_for(code), code))[-1]
    failed = decode(last.type, last.payload)
    assert isinstance(failed, Failed)
    assert failed.exceeded == "memory"
    assert await executed(cluster, request_of()) == undisturbed(request_of())[1:]


async def test_a_run_that_takes_too_long_is_stopped(cluster: RayCluster) -> None:
    code = code_of("Slow")
    slow = Execute("a", request_for(code, milliseconds=PAUSE), code)
    connection = await cluster.connect()
    with pytest.raises(LimitExceeded, match=r"more than 0\.2 seconds"):
        async for _ in connection.do(slow, seconds_max=0.2):
            pass


@pytest.mark.parametrize("strategy", ["Slow", "Obstinate"])
async def test_stopped_runs_leave_their_processors_to_others(
    cluster: RayCluster, strategy: str
) -> None:
    code = code_of(strategy)
    request = request_for(code, **({"milliseconds": PAUSE} if strategy == "Slow" else {}))
    stopped = [cluster.execute(str(each), request, code) for each in range(PROCESSORS)]
    for batches in stopped:
        await anext(batches)
    for batches in stopped:
        await batches.aclose()
    assert await executed(cluster, request_of()) == undisturbed(request_of())[1:]


async def test_a_run_that_ends_its_worker_again_and_again_fails(
    cluster: RayCluster, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of("Exiting")
    monkeypatch.setattr(dispatcher, "ATTEMPTS_MAX", 2)
    async with opened(log) as store, anyio.create_task_group() as tasks:
        tasks.start_soon(Dispatcher(store, cluster).run)
        error = await error_of(store, (await create_run(store, request_for(code), code)).run_id)
        assert error == "its Ray worker died, 2 times in a row while executing this run"
        tasks.cancel_scope.cancel()


async def test_when_the_driver_is_killed_its_runs_go_on_with_another(cluster: RayCluster) -> None:
    code = code_of("Slow")
    request = request_for(code, milliseconds=PAUSE)
    async with aclosing(cluster.execute("a", request, code)) as batches:
        await anext(batches)
        os.kill(cluster.pids[0], signal.SIGKILL)
        with pytest.raises(ExecutorDied, match="the process that drives Ray ended") as died:
            async for _ in batches:
                pass
    assert not died.value.began
    assert await executed(cluster, request_of()) == undisturbed(request_of())[1:]
