"""Ray clusters that are not there: the reason within ten seconds, and the service goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketStream

from domain.optimizations.lifecycle import SweepState
from domain.optimizations.request import ExecutorSpec
from service.execution import ray_cluster
from service.execution.dispatcher import Dispatcher
from service.execution.executor import ExecutorUnavailable, Workforce
from service.execution.executors import Executors
from service.execution.ray_cluster import CONNECT_SECONDS_MAX, RayCluster
from service.optimizations.conductor import Conductor
from service.optimizations.optimizations import create_optimization
from service.runs import create_run
from tests.service.execution.in_process import InProcess
from tests.service.execution.running import NO_PRICES, error_of, request_of, until
from tests.service.optimizations.sweeps import ended, opened, sweep_of

NOBODY = "127.0.0.1:1"
ABSENT = f"no Ray cluster at {NOBODY}: nothing answers there"
RAY_AT = partial(RayCluster, arguments=[str(NO_PRICES), "fail", "1024"])


def ray(address: str | None) -> ExecutorSpec:
    """What a sweep asks for."""
    return ExecutorSpec("ray", address)


async def opening(executors: Executors, spec: ExecutorSpec | None) -> None:
    """Open an executor, and close it."""
    async with executors.of(spec):
        pass


async def test_a_sweep_fails_with_the_reason_and_the_next_one_is_conducted(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store, anyio.create_task_group() as tasks:
        tasks.start_soon(Conductor(store, Executors(InProcess(), RAY_AT)).run)
        lost = await create_optimization(store, sweep_of(executor=ray(NOBODY)))
        failed = await ended(store, lost.optimization_id)
        assert (failed.state, failed.error) == (SweepState.FAILED, ABSENT)
        following = await create_optimization(store, sweep_of())
        assert (await ended(store, following.optimization_id)).state is SweepState.COMPLETED
        tasks.cancel_scope.cancel()


async def test_runs_fail_with_the_reason_where_all_goes_to_ray(tmp_path: Path) -> None:
    async with RAY_AT(NOBODY) as cluster, opened(tmp_path / "log.db") as store:
        executors = Executors(cluster, RAY_AT, NOBODY)
        await executors.settled()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Dispatcher(store, cluster).run)
            for _ in range(2):
                run = await create_run(store, request_of())
                assert await error_of(store, run.run_id) == ABSENT
            tasks.cancel_scope.cancel()
        with pytest.raises(ExecutorUnavailable, match="it runs all on Ray"):
            await opening(executors, ExecutorSpec("local"))


@asynccontextmanager
async def silent_listener() -> AsyncIterator[str]:
    """Take connections and say nothing; the address."""

    async def listen(stream: SocketStream) -> None:
        async with stream:
            await anyio.sleep_forever()

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(listener.serve, listen)
        yield f"127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
        tasks.cancel_scope.cancel()


async def test_what_listens_but_is_no_ray_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert CONNECT_SECONDS_MAX < 10
    monkeypatch.setattr(ray_cluster, "CONNECT_SECONDS_MAX", 0.2)
    async with silent_listener() as address, RAY_AT(address) as cluster:
        with pytest.raises(ExecutorUnavailable, match=r"it has not answered for 0\.2 seconds"):
            await cluster.connect()
        assert cluster.pids == []


async def test_without_ray_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    absent = "raise ModuleNotFoundError('No module named ray', name='ray')"
    (tmp_path / "ray.py").write_text(absent)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with RAY_AT("auto") as cluster:
        with pytest.raises(ExecutorUnavailable, match=r"pip install 'backtape\[ray\]'"):
            await cluster.connect()


@pytest.mark.parametrize("address", ["ray://127.0.0.1:10001", "127.0.0.1", "a:b", "h:99999"])
async def test_what_is_no_address_is_said_to_be_none(address: str) -> None:
    async with RAY_AT(address) as cluster:
        with pytest.raises(ExecutorUnavailable, match="host:port of the cluster's head, or auto"):
            await cluster.connect()


@pytest.mark.parametrize("address", ["192.0.2.1:6379", "ray.example:6379", "127.0.0.1.nip.io:1"])
async def test_a_client_cannot_send_the_service_to_other_machines(address: str) -> None:
    with pytest.raises(ExecutorUnavailable, match="may not connect"):
        await opening(Executors(InProcess(), RAY_AT), ray(address))


async def test_a_service_of_engines_only_has_no_ray() -> None:
    with pytest.raises(ExecutorUnavailable, match="no executor of the kind ray"):
        await opening(Executors(InProcess()), ray(None))


async def test_a_cluster_that_is_not_there_is_looked_for_and_its_workforce_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray_cluster, "TEND_SECONDS", 0.01)
    async with RAY_AT(NOBODY) as cluster, anyio.create_task_group() as tasks:
        assert cluster.workforce == Workforce(0, 0, 0, None)
        tasks.start_soon(cluster.tend)
        await until(lambda: cluster.workforce.trouble is not None)
        assert cluster.workforce == Workforce(0, 0, 0, ABSENT)
        tasks.cancel_scope.cancel()
