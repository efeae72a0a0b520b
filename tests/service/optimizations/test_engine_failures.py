"""Engines that die, and trials that break the limits of a run."""

from pathlib import Path

import msgspec
import pytest

from domain.optimizations.lifecycle import Optimization, SweepState
from domain.runs.events import EncodedEvent
from service.execution.executor import Executor
from service.optimizations import performance
from service.optimizations.optimizations import create_optimization
from service.optimizations.performance import ATTEMPTS_MAX
from tests.service.optimizations.executors import Dying, OutOfTime
from tests.service.optimizations.sweeps import (
    conducting,
    content,
    ended,
    opened,
    sweep_of,
    undisturbed,
)


async def conducted(log: Path, executor: Executor) -> tuple[Optimization, list[EncodedEvent]]:
    """Conduct the grid on an executor; what it comes to."""
    async with opened(log) as store, conducting(store, executor):
        optimization_id = (await create_optimization(store, sweep_of())).optimization_id
        return await ended(store, optimization_id), await content(store, optimization_id)


def ends(events: list[EncodedEvent]) -> list[bytes]:
    """The last event of each trial, by number."""
    trials = [each.payload for each in events if each.type == "trial"]
    return [payload for payload in trials if b'"asked"' not in payload]


async def test_an_engine_that_dies_now_and_then_is_not_seen_in_the_log(tmp_path: Path) -> None:
    deaths = {0: 1, 5: ATTEMPTS_MAX - 1, 15: 2}
    _, events = await conducted(tmp_path / "log.db", Dying(deaths))
    assert events == await undisturbed(tmp_path / "other.db", sweep_of())


async def test_a_trial_that_ends_its_engine_again_and_again_fails_and_no_other_does(
    tmp_path: Path,
) -> None:
    sweep, events = await conducted(tmp_path / "log.db", Dying({5: 1_000}))
    assert (sweep.state, sweep.trials_completed, sweep.trials_failed) == (
        SweepState.COMPLETED,
        15,
        1,
    )
    others = ends(await undisturbed(tmp_path / "other.db", sweep_of()))
    found = ends(events)
    failed = msgspec.json.decode(found.pop(5))
    assert failed["error"] == "it died, 3 times in a row while evaluating this trial"
    assert failed["exceeded"] == "process"
    del others[5]
    assert found == others


async def test_a_trial_that_takes_too_long_fails_and_no_other_does(tmp_path: Path) -> None:
    sweep, events = await conducted(tmp_path / "log.db", OutOfTime({7: 1_000}))
    assert (sweep.trials_completed, sweep.trials_failed) == (15, 1)
    failed = msgspec.json.decode(ends(events)[7])
    assert (failed["error"], failed["exceeded"]) == ("it took too long", "time")


async def test_a_sweep_waits_for_engines_that_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "RETRY_SECONDS", 0.001)
    executor = Dying({-1: 5, 3: 20}, began=False)
    _, events = await conducted(tmp_path / "log.db", executor)
    assert events == await undisturbed(tmp_path / "other.db", sweep_of())


async def test_a_sweep_fails_whose_engines_die_before_any_trial(tmp_path: Path) -> None:
    sweep, events = await conducted(tmp_path / "log.db", Dying({-1: 1_000}))
    assert (sweep.state, sweep.error) == (SweepState.FAILED, "it died, 3 times in a row")
    assert len(events) == 2
