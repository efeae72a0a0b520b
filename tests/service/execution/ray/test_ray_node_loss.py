"""A node of a Ray cluster is killed under runs and a sweep; their logs do not show it."""

from pathlib import Path

import anyio
import msgspec
import pytest

from domain.optimizations.request import OptimizationRequest, normalise
from service.execution import dispatcher
from service.execution.dispatcher import Dispatcher
from service.execution.ray_cluster import RayCluster
from service.optimizations.optimizations import create_optimization
from service.runs import create_run
from tests.service.execution import running
from tests.service.execution.in_process import InProcess
from tests.service.execution.ray.conftest import ARGUMENTS, Nodes
from tests.service.execution.ray.strategies import code_of, request_for
from tests.service.optimizations import sweeps

pytestmark = pytest.mark.ray

CODE = code_of("Slow")
RUN = request_for(CODE, milliseconds=4)
SWEEP = normalise(
    msgspec.convert(
        {
            "name": "slow",
            "search_space": {
                "parameters": [{"name": "shares", "kind": "int_range", "low": 1, "high": 4}]
            },
            "base_backtest": request_for(CODE, milliseconds=1),
        },
        OptimizationRequest,
    ),
    CODE,
)


async def test_a_lost_node_is_not_seen_in_the_logs(
    nodes: Nodes, log: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "ATTEMPTS_MAX", 1)  # for deaths that a run is to blame for
    await anyio.to_thread.run_sync(nodes.add)
    async with (
        RayCluster(nodes.address, ARGUMENTS) as cluster,
        sweeps.opened(log) as store,
        sweeps.conducting(store, cluster),
        anyio.create_task_group() as tasks,
    ):
        await cluster.connect()
        assert cluster.capacity == 3
        tasks.start_soon(Dispatcher(store, cluster).run)
        runs = [(await create_run(store, RUN, CODE)).run_id for _ in range(cluster.capacity)]
        for run_id in runs:
            await running.reached(store, run_id, 2)
        sweep = await create_optimization(store, SWEEP, CODE)
        await anyio.to_thread.run_sync(nodes.kill)
        expected = running.undisturbed(RUN, code=CODE)
        for run_id in runs:
            await running.ended(store, run_id)
            assert running.content(await running.recorded(store, run_id)) == expected
        await sweeps.ended(store, sweep.optimization_id)
        found = await sweeps.content(store, sweep.optimization_id)
        tasks.cancel_scope.cancel()
    died = [vars(record)["error"] for record in caplog.records if "died" in record.message]
    assert died == ["the Ray node that did it is gone"]
    async with (
        sweeps.opened(log.with_name("other.db")) as store,
        sweeps.conducting(store, InProcess()),
    ):
        sweep = await create_optimization(store, SWEEP, CODE)
        await sweeps.ended(store, sweep.optimization_id)
        assert found == await sweeps.content(store, sweep.optimization_id)
