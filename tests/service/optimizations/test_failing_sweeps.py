"""Sweeps that cannot be finished say why; the service goes on."""

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.optimizations.lifecycle import SweepState
from domain.optimizations.sweep import Question
from service.execution.evaluating import Evaluations
from service.execution.job import source_of
from service.market_data.catalog import Catalog
from service.optimizations.optimizations import create_optimization, resume_optimization
from service.optimizations.samplers import SamplerDied, sampler_of
from tests.service.execution.in_process import InProcess
from tests.service.optimizations.executors import Unsteady
from tests.service.optimizations.sweeps import (
    SPEC,
    conducting,
    ended,
    opened,
    reached,
    sweep_of,
)

START, END = 1_577_836_800_000_000, 1_609_459_200_000_000  # 2020
FROM_CATALOG: dict[str, Any] = {
    "base_backtest": SPEC["base_backtest"] | {"data_source": "catalog", "symbols": ["HELD"]}
}


class OverCatalog(Unsteady):
    """Evaluates over a catalog's prices, loaded anew by each engine."""

    def __init__(self, catalog: Catalog, holds_at: float = math.inf) -> None:
        super().__init__(1, 1, holds_at)
        self._evaluations = Evaluations(source_of(catalog, "fail"))


def prices(name: str, like: str) -> Any:
    return msgspec.structs.replace(synthetic_bars(like, Resolution.DAY, START, END), symbol=name)


async def test_a_sweep_without_prices_fails_and_the_next_one_is_conducted(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store, conducting(store, InProcess()):
        its_id = (await create_optimization(store, sweep_of(**FROM_CATALOG))).optimization_id
        failed = await ended(store, its_id)
        assert (failed.state, failed.started_at) == (SweepState.FAILED, None)
        assert "HELD" in str(failed.error)
        other = (await create_optimization(store, sweep_of())).optimization_id
        assert (await ended(store, other)).state is SweepState.COMPLETED


async def test_a_sweep_whose_prices_changed_meanwhile_fails_and_goes_on_with_the_old_ones(
    tmp_path: Path,
) -> None:
    catalog = Catalog(tmp_path / "market")
    catalog.write(prices("HELD", "ONE"), Resolution.DAY)
    async with opened(tmp_path / "log.db") as store:
        its_id = (await create_optimization(store, sweep_of(**FROM_CATALOG))).optimization_id
        async with conducting(store, OverCatalog(catalog, holds_at=3)):
            await reached(store, its_id, 3)
        catalog.write(prices("HELD", "OTHER"), Resolution.DAY)
        async with conducting(store, OverCatalog(catalog)):
            failed = await ended(store, its_id)
            assert failed.state is SweepState.FAILED
            assert failed.error == "the trials so far were evaluated with another data"
            assert failed.ended == 3
        catalog.write(prices("HELD", "ONE"), Resolution.DAY)
        async with conducting(store, OverCatalog(catalog)):
            await resume_optimization(store, its_id)
            done = await ended(store, its_id)
            assert (done.state, done.trials_completed) == (SweepState.COMPLETED, 16)


async def test_points_that_the_strategy_refuses_are_failed_trials(tmp_path: Path) -> None:
    parameter = {"name": "short_period", "kind": "choice", "values": [5, 300]}
    request = sweep_of(search_space={"parameters": [parameter]})
    async with opened(tmp_path / "log.db") as store, conducting(store, InProcess()):
        its_id = (await create_optimization(store, request)).optimization_id
        done = await ended(store, its_id)
        assert (done.trials_completed, done.trials_failed) == (1, 1)


async def test_a_sampler_whose_process_ends_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/true")
    async with sampler_of(sweep_of(strategy="random")) as choose:
        with pytest.raises(SamplerDied):
            await choose(Question([], 4))
