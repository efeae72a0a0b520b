"""Sweeps on a real Ray cluster: the log is the one of a sweep on this machine."""

import shutil
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.optimizations.events import Running, decode
from domain.optimizations.search_space import Trial
from domain.runs.events import EncodedEvent
from service.execution.frames import Evaluate, Prepare
from service.execution.ray_cluster import RayCluster
from service.market_data.catalog import Catalog
from service.optimizations.optimizations import create_optimization
from tests.service.execution.ray.conftest import Nodes
from tests.service.optimizations.sweeps import (
    SPEC,
    conducting,
    content,
    ended,
    opened,
    sweep_of,
    undisturbed,
)

pytestmark = pytest.mark.ray

SWEEPS: dict[str, dict[str, Any]] = {
    "grid": {},
    "walk-forward": {"validation_mode": "walk_forward", "walk_forward_windows": 3},
    "bayesian": {"strategy": "bayesian", "max_trials": 36, "random_seed": 4},
}
START, END = 1_577_836_800_000_000, 1_609_459_200_000_000  # 2020


@pytest.mark.parametrize("name", SWEEPS)
async def test_the_log_is_the_one_of_a_sweep_on_this_machine(
    cluster: RayCluster, tmp_path: Path, name: str
) -> None:
    request = sweep_of(**SWEEPS[name])
    async with opened(tmp_path / "log.db") as store, conducting(store, cluster):
        optimization_id = (await create_optimization(store, request)).optimization_id
        await ended(store, optimization_id)
        found = await content(store, optimization_id)
    assert found == await undisturbed(tmp_path / "other.db", request)


async def test_its_data_is_loaded_once(nodes: Nodes, tmp_path: Path) -> None:
    market = tmp_path / "market"
    held = msgspec.structs.replace(synthetic_bars("A", Resolution.DAY, START, END), symbol="HELD")
    Catalog(market).write(held, Resolution.DAY)
    base = SPEC["base_backtest"] | {"data_source": "catalog", "symbols": ["HELD"]}
    request = sweep_of(base_backtest=base)
    trials = [Trial(number, {"short_period": 2, "long_period": 8 + number}) for number in range(4)]
    async with RayCluster(nodes.address, [str(market), "fail", "1024"]) as cluster:
        (prepared,) = await answers(cluster, Prepare("sweep", request))
        running = decode(prepared.type, prepared.payload)
        assert isinstance(running, Running)
        shutil.rmtree(market)
        job = Evaluate("sweep", request, None, running.manifest, trials, 60.0)
        for event in await answers(cluster, job):
            assert b'"phase":"completed"' in event.payload


async def answers(cluster: RayCluster, job: Prepare | Evaluate) -> list[EncodedEvent]:
    """The events that answer a job of a sweep."""
    async with aclosing(cluster.evaluate(job)) as batches:
        return [event async for batch in batches for event in batch]
