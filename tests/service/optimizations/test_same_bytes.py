"""What a sweep comes to depends on its request and data alone, to the last byte."""

from pathlib import Path
from typing import Any

import pytest

from domain.optimizations.request import trials_of
from service.optimizations.optimizations import create_optimization
from tests.service.optimizations.executors import Unsteady
from tests.service.optimizations.sweeps import (
    conducting,
    content,
    ended,
    opened,
    reached,
    sweep_of,
    undisturbed,
)

SWEEPS: dict[str, dict[str, Any]] = {
    "grid": {},
    "walk-forward": {"validation_mode": "walk_forward", "walk_forward_windows": 3},
    "bayesian": {"strategy": "bayesian", "max_trials": 36, "random_seed": 4},
}


@pytest.mark.parametrize("name", ["grid", "walk-forward"])
async def test_whoever_is_faster_the_log_is_the_same(tmp_path: Path, name: str) -> None:
    request = sweep_of(**SWEEPS[name])
    async with opened(tmp_path / "log.db") as store, conducting(store, Unsteady(3, seed=5)):
        optimization_id = (await create_optimization(store, request)).optimization_id
        await ended(store, optimization_id)
        found = await content(store, optimization_id)
    assert found == await undisturbed(tmp_path / "other.db", request)


@pytest.mark.parametrize("name", ["grid", "bayesian"])
async def test_a_sweep_that_was_cut_off_goes_on_as_if_it_had_not_been(
    tmp_path: Path, name: str
) -> None:
    request = sweep_of(**SWEEPS[name])
    async with opened(tmp_path / "log.db") as store:
        optimization_id = (await create_optimization(store, request)).optimization_id
        for seed, trials in enumerate((3, trials_of(request) - 4)):
            async with conducting(store, Unsteady(2, seed, holds_at=trials)):
                await reached(store, optimization_id, trials)
        async with conducting(store, Unsteady(2, seed=9)):
            await ended(store, optimization_id)
        found = await content(store, optimization_id)
    assert found == await undisturbed(tmp_path / "other.db", request)


async def test_two_sweeps_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    requests = [sweep_of(), sweep_of(name="other", direction="minimize")]
    async with opened(tmp_path / "log.db") as store, conducting(store, Unsteady(2, seed=1)):
        ids = [(await create_optimization(store, each)).optimization_id for each in requests]
        for optimization_id in ids:
            await ended(store, optimization_id)
        found = [await content(store, optimization_id) for optimization_id in ids]
    for index, request in enumerate(requests):
        assert found[index] == await undisturbed(tmp_path / f"{index}.db", request)
