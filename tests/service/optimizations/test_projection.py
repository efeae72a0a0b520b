"""The tables of optimizations are a fold of the log and nothing else."""

from itertools import chain
from pathlib import Path

import msgspec

from domain.optimizations.events import decode
from domain.optimizations.lifecycle import Optimization, evolve
from service.optimizations.optimizations import create_optimization, get_optimization
from service.optimizations.projection import stream_of
from service.optimizations.queries import payloads_of, ranked_payloads
from tests.service.optimizations.executors import Unsteady
from tests.service.optimizations.sweeps import conducting, ended, opened, sweep_of


async def test_the_stored_tables_are_those_of_a_fresh_fold(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store:
        async with conducting(store, Unsteady(2, seed=3)):
            its_id = (await create_optimization(store, sweep_of())).optimization_id
            await ended(store, its_id)
        assert await store.compare("optimizations") is None
        before = await get_optimization(store, its_id)
        ranking = await ranked_payloads(store, its_id, after=0, limit=100)
        await store.rebuild("optimizations")
        assert await get_optimization(store, its_id) == before
        assert await ranked_payloads(store, its_id, after=0, limit=100) == ranking


async def test_the_ranking_is_by_the_objective_and_comes_in_pages(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store, conducting(store, Unsteady(2, seed=4)):
        request = sweep_of(objective_metric="max_drawdown", direction="minimize")
        its_id = (await create_optimization(store, request)).optimization_id
        done = await ended(store, its_id)
        whole = await ranked_payloads(store, its_id, after=0, limit=100)
        pages = [await ranked_payloads(store, its_id, after=at, limit=5) for at in (0, 5, 10, 15)]
        assert list(chain.from_iterable(pages)) == whole
        trials = [msgspec.json.decode(payload) for payload in whole]
        assert [trial["value"] for trial in trials] == sorted(trial["value"] for trial in trials)
        assert done.best_trial is not None
        assert done.best_trial.number == trials[0]["number"]
        events = await store.read(stream_of(its_id))
        some = [events[-1], events[0]]
        ids = [event.event_id for event in some]
        assert await payloads_of(store, stream_of(its_id), ids) == [each.payload for each in some]


async def test_the_status_at_any_moment_is_the_fold_of_the_events_so_far(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store, conducting(store, Unsteady(2, seed=5)):
        its_id = (await create_optimization(store, sweep_of())).optimization_id
        done = await ended(store, its_id)
        folded: Optimization | None = None
        for event in await store.read(stream_of(its_id)):
            folded = evolve(its_id, folded, decode(event.type, event.payload), event.recorded_at)
        assert folded == done
