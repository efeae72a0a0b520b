"""A service all of whose work goes to a Ray cluster."""

from pathlib import Path

import pytest

from domain.optimizations.lifecycle import SweepState
from domain.optimizations.request import ExecutorSpec
from domain.runs.events import Started, decode
from service.core import open_core
from service.execution.frames import Check
from service.execution.ray_cluster import RayCluster
from service.optimizations.optimizations import create_optimization
from service.runs import create_run
from service.settings import Settings
from tests.service.execution import running
from tests.service.execution.ray.conftest import Nodes
from tests.service.optimizations import sweeps

pytestmark = pytest.mark.ray


async def test_runs_sweeps_and_checks_are_executed_on_the_cluster(
    nodes: Nodes, tmp_path: Path
) -> None:
    settings = Settings(
        data_dir=tmp_path, executor="ray", ray_address=nodes.address, run_memory_mib_max=1024
    )
    request = running.request_of("momentum")
    async with open_core(settings) as core:
        assert isinstance(core.engines, RayCluster)
        run_id = (await create_run(core.store, request)).run_id
        await running.ended(core.store, run_id)
        recorded = running.content(await running.recorded(core.store, run_id))
        assert recorded == running.undisturbed(request)
        for executor in (None, ExecutorSpec("ray")):
            sweep = await create_optimization(core.store, sweeps.sweep_of(executor=executor))
            ended = await sweeps.ended(core.store, sweep.optimization_id)
            assert (ended.state, ended.trials_completed) == (SweepState.COMPLETED, 16)
        started = decode(recorded[1].type, recorded[1].payload)
        assert isinstance(started, Started)
        report = await core.engines.check(Check(run_id, started.manifest, None, moments=2, seed=0))
        assert report.type == "lookahead"
