"""Trials on real engine processes: the same bytes, shared with backtests, let go of at once."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.optimizations.lifecycle import SweepState
from domain.optimizations.request import OptimizationRequest, normalise
from domain.strategies.code import Code
from service.execution.process_pool import ProcessPool
from service.optimizations.optimizations import cancel_optimization, create_optimization
from tests.service.execution.running import NO_PRICES, until
from tests.service.optimizations.sweeps import (
    SPEC,
    conducting,
    content,
    ended,
    opened,
    reached,
    sweep_of,
    undisturbed,
)

SOURCE = b'''
import os, time
import numpy as np
from domain.strategies.base import SignalStrategy


class Odd(SignalStrategy, frozen=True):
    """Holds everything; some of its modes are no good."""

    mode: int = 0

    def targets(self, bars, symbols):
        if self.mode == 1:
            raise ValueError("mode 1 is no good")
        if self.mode == 9:
            open(os.environ["MARK"], "w").close()
            time.sleep(60)
        return np.full(len(bars), 1 / symbols)
'''
CODE = Code("odd", "", SOURCE)


def odd_sweep(*modes: int) -> OptimizationRequest:
    """A sweep over the modes of the strategy above."""
    parameter = {"name": "mode", "kind": "choice", "values": modes}
    changes: dict[str, Any] = {
        "search_space": {"parameters": [parameter]},
        "objective_metric": "total_return",
        "base_backtest": SPEC["base_backtest"] | {"strategy": {"name": "odd"}},
    }
    return normalise(msgspec.convert(SPEC | changes, OptimizationRequest), CODE)


@asynccontextmanager
async def pool_of(size: int) -> AsyncIterator[ProcessPool]:
    async with ProcessPool(size, [str(NO_PRICES), "fail", "4096"]) as pool:
        yield pool


async def test_engines_that_are_killed_meanwhile_change_nothing(tmp_path: Path) -> None:
    async with pool_of(2) as pool, opened(tmp_path / "log.db") as store, conducting(store, pool):
        request = sweep_of(strategy="random", max_trials=600)
        its_id = (await create_optimization(store, request)).optimization_id
        await reached(store, its_id, 1)
        os.kill(pool.pids[0], signal.SIGKILL)
        await ended(store, its_id)
        found = await content(store, its_id)
    assert found == await undisturbed(tmp_path / "other.db", request)


async def test_a_trial_that_raises_fails_alone(tmp_path: Path) -> None:
    async with pool_of(1) as pool, opened(tmp_path / "log.db") as store, conducting(store, pool):
        its_id = (await create_optimization(store, odd_sweep(0, 1, 2), CODE)).optimization_id
        sweep = await ended(store, its_id)
        assert (sweep.state, sweep.trials_completed) == (SweepState.COMPLETED, 2)
        events = await content(store, its_id)
        (failed,) = [each for each in events if b'"phase":"failed"' in each.payload]
        assert b"mode 1 is no good" in failed.payload


async def test_an_engine_that_does_not_let_go_of_a_cancelled_sweep_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    monkeypatch.setenv("MARK", str(mark))
    async with pool_of(1) as pool, opened(tmp_path / "log.db") as store, conducting(store, pool):
        its_id = (await create_optimization(store, odd_sweep(9, 0), CODE)).optimization_id
        (engine,) = pool.pids
        await until(mark.exists)
        await cancel_optimization(store, its_id)
        await until(lambda: engine not in pool.pids)
        assert (await ended(store, its_id)).state is SweepState.CANCELLED


async def test_a_backtest_does_not_wait_for_a_sweep_to_end(tmp_path: Path) -> None:
    async with pool_of(1) as pool, opened(tmp_path / "log.db") as store, conducting(store, pool):
        request = sweep_of(strategy="random", max_trials=10_000)
        its_id = (await create_optimization(store, request)).optimization_id
        await reached(store, its_id, 1)
        async with aclosing(pool.execute("a", request.base_backtest)) as batches:
            events = [event async for batch in batches for event in batch]
        assert b'"completed"' in events[-1].payload
        cancelled = await cancel_optimization(store, its_id)
        assert cancelled.ended < 10_000
