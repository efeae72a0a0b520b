"""Cancelling a sweep, and going on with it."""

from pathlib import Path
from uuid import uuid4

import pytest

from domain.optimizations.lifecycle import IllegalMove, SweepState
from service.optimizations.optimizations import (
    UnknownOptimization,
    cancel_optimization,
    create_optimization,
    get_optimization,
    resume_optimization,
)
from service.optimizations.queries import ranked_payloads
from tests.service.execution.in_process import InProcess
from tests.service.execution.running import until
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


async def test_a_cancelled_sweep_lets_go_of_its_engines_and_keeps_what_has_ended(
    tmp_path: Path,
) -> None:
    executor = Unsteady(2, seed=1, holds_at=9)
    async with opened(tmp_path / "log.db") as store, conducting(store, executor):
        its_id = (await create_optimization(store, sweep_of())).optimization_id
        await reached(store, its_id, 9)
        cancelled = await cancel_optimization(store, its_id)
        await until(lambda: executor.jobs_under_way == 0)
        assert cancelled.state is SweepState.CANCELLED
        assert cancelled.ended == 9
        assert len(await ranked_payloads(store, its_id, after=0, limit=100)) == 9
        assert await get_optimization(store, its_id) == cancelled


async def test_a_cancelled_sweep_that_is_resumed_comes_to_the_same_ranking(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "log.db") as store:
        its_id = (await create_optimization(store, sweep_of())).optimization_id
        async with conducting(store, Unsteady(2, seed=2, holds_at=5)):
            await reached(store, its_id, 5)
            await cancel_optimization(store, its_id)
            resumed = await resume_optimization(store, its_id)
            assert (resumed.state, resumed.finished_at) == (SweepState.PENDING, None)
        async with conducting(store, Unsteady(2, seed=3)):
            done = await ended(store, its_id)
        assert (done.state, done.trials_completed) == (SweepState.COMPLETED, 16)
        found = await content(store, its_id)
    wanted = await undisturbed(tmp_path / "other.db", sweep_of())
    assert [each for each in found if each.type != "state"] == [
        each for each in wanted if each.type != "state"
    ]
    assert found[-1] == wanted[-1]  # the digest too


async def test_a_pending_sweep_is_cancelled_before_anything_is_evaluated(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store:
        its_id = (await create_optimization(store, sweep_of())).optimization_id
        await cancel_optimization(store, its_id)
        async with conducting(store, InProcess()):
            other = (await create_optimization(store, sweep_of())).optimization_id
            await ended(store, other)
        assert len(await content(store, its_id)) == 2


async def test_what_has_ended_is_not_cancelled_and_what_is_complete_not_resumed(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "log.db") as store, conducting(store, InProcess()):
        its_id = (await create_optimization(store, sweep_of())).optimization_id
        with pytest.raises(IllegalMove, match="only a failed or cancelled"):
            await resume_optimization(store, its_id)
        await ended(store, its_id)
        with pytest.raises(IllegalMove, match="is completed; only"):
            await cancel_optimization(store, its_id)
        with pytest.raises(IllegalMove, match="is completed; only"):
            await resume_optimization(store, its_id)


async def test_an_optimization_that_is_not_there(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store:
        for its_id in (str(uuid4()), "nonsense"):
            with pytest.raises(UnknownOptimization, match=its_id):
                await cancel_optimization(store, its_id)
