"""An optimization performed again from its log: the same, or the first event that differs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.optimizations.request import OptimizationRequest
from domain.runs.events import EncodedEvent
from service.audit.reexecution import Reexecution
from service.audit.sweeps import reexecute_either
from service.market_data.catalog import Catalog
from service.optimizations.optimizations import (
    cancel_optimization,
    create_optimization,
    resume_optimization,
)
from service.optimizations.projection import stream_of
from service.runs import stored_form
from tests.service.execution.in_process import InProcess
from tests.service.optimizations.executors import OutOfTime, Unsteady
from tests.service.optimizations.sweeps import (
    conducting,
    content,
    ended,
    opened,
    reached,
    sweep_of,
    undisturbed,
)

STREAM = stream_of("00000000-0000-0000-0000-000000000000")


async def again(log: Path, events: list[EncodedEvent]) -> Reexecution:
    """Execute again what a log of these events records."""
    async with opened(log) as store:
        await store.append(STREAM, stored_form(events), expected_version=0)
        return await reexecute_either(store, STREAM, Catalog(log.parent / "market"))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"validation_mode": "walk_forward", "walk_forward_windows": 3},
        {"strategy": "random", "max_trials": 6},
    ],
)
async def test_a_sweep_comes_out_the_same(tmp_path: Path, changes: dict[str, Any]) -> None:
    events = await undisturbed(tmp_path / "log.db", sweep_of(**changes))
    outcome = await again(tmp_path / "again.db", events)
    assert (outcome.findings, outcome.notes) == ([], [])
    assert outcome.compared == len(events) - 1


async def test_a_cancelled_sweep_that_was_resumed_comes_out_the_same(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store:
        its_id = (await create_optimization(store, sweep_of())).optimization_id
        async with conducting(store, Unsteady(2, seed=2, holds_at=5)):
            await reached(store, its_id, 5)
            await cancel_optimization(store, its_id)
            await resume_optimization(store, its_id)
        async with conducting(store, InProcess()):
            await ended(store, its_id)
        events = await content(store, its_id)
    outcome = await again(tmp_path / "again.db", events)
    assert outcome.findings == []
    (note,) = outcome.notes
    assert ": it was cancelled at event " in note


async def test_a_trial_that_broke_a_limit_is_not_repeated(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store, conducting(store, OutOfTime({7: 1_000})):
        its_id = (await create_optimization(store, sweep_of())).optimization_id
        assert (await ended(store, its_id)).trials_failed == 1
        events = await content(store, its_id)
    assert (await again(tmp_path / "again.db", events)).findings == []


def _forged(event: EncodedEvent, **values: Any) -> EncodedEvent:
    payload = msgspec.json.encode(msgspec.json.decode(event.payload) | values)
    return EncodedEvent(event.type, payload, event.attachment)


FORGERIES: dict[str, tuple[int, Callable[[EncodedEvent], EncodedEvent]]] = {
    "another point": (5, lambda event: _forged(event, params={"short_period": 9})),
    "a better objective": (20, lambda event: _forged(event, value=99.0)),
    "other moments": (
        20,
        lambda event: EncodedEvent(event.type, event.payload, bytes(640)),
    ),
    "another end": (-1, lambda event: _forged(event, digest="0" * 64)),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_the_first_event_that_differs_is_named(tmp_path: Path, name: str) -> None:
    events = await undisturbed(tmp_path / "log.db", sweep_of())
    at, forge = FORGERIES[name]
    events[at] = forge(events[at])
    outcome = await again(tmp_path / "again.db", events)
    (finding,) = outcome.findings
    assert (finding.check, finding.event_id) == ("reexecution", at % len(events) + 1)


async def test_prices_that_are_no_longer_those_of_the_sweep_are_found(tmp_path: Path) -> None:
    request: OptimizationRequest = sweep_of()
    events = await undisturbed(tmp_path / "log.db", request)
    running = msgspec.json.decode(events[1].payload)
    running["manifest"]["data"][0]["sha256"] = "0" * 64
    events[1] = EncodedEvent("state", msgspec.json.encode(running))
    (finding,) = (await again(tmp_path / "again.db", events)).findings
    assert (finding.check, finding.event_id) == ("data", 2)
    assert "the prices of MADE" in finding.reason
