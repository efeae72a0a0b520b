"""The run aggregate: given its past, when something is asked, then this happens."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.runs.events import (
    Cancelled,
    Completed,
    Failed,
    Logged,
    Progressed,
    Queued,
    RunEvent,
    Started,
)
from domain.runs.lifecycle import (
    IllegalMove,
    Run,
    RunState,
    cancel,
    complete,
    evolve,
    fail,
    queue,
    start,
)
from tests.domain.runs.making import EVENTS, a_manifest, a_request

REQUEST, MANIFEST = a_request(), a_manifest()

QUEUED: list[RunEvent] = [Queued(REQUEST)]
RUNNING: list[RunEvent] = [*QUEUED, Started(MANIFEST)]
COMPLETED: list[RunEvent] = [*RUNNING, Completed("digest")]
FAILED: list[RunEvent] = [*RUNNING, Failed("it broke", "running")]
CANCELLED: list[RunEvent] = [*QUEUED, Cancelled("queued")]

Move = Callable[[Run], RunEvent]

MOVES: dict[str, Move] = {
    "queue": lambda run: queue(run, REQUEST),
    "start": lambda run: start(run, MANIFEST),
    "complete": lambda run: complete(run, "digest"),
    "fail": lambda run: fail(run, "it broke"),
    "cancel": cancel,
}

ALLOWED: list[tuple[list[RunEvent], str, RunEvent]] = [
    (QUEUED, "start", Started(MANIFEST)),
    (QUEUED, "fail", Failed("it broke", "queued")),
    (QUEUED, "cancel", Cancelled("queued")),
    (RUNNING, "complete", Completed("digest")),
    (RUNNING, "fail", Failed("it broke", "running")),
    (RUNNING, "cancel", Cancelled("running")),
]

ILLEGAL: list[tuple[list[RunEvent], str, str]] = [
    (QUEUED, "queue", "run r already exists; it is queued"),
    (QUEUED, "complete", "run r is queued; only a running run can be completed"),
    (RUNNING, "queue", "run r already exists; it is running"),
    (RUNNING, "start", "run r is running; only a queued run can be started"),
    *[
        (past, move, f"run r is {state}; only a {allowed} run can be {asked}")
        for past, state in [(COMPLETED, "completed"), (FAILED, "failed"), (CANCELLED, "cancelled")]
        for move, allowed, asked in [
            ("start", "queued", "started"),
            ("complete", "running", "completed"),
            ("fail", "queued or running", "failed"),
            ("cancel", "queued or running", "cancelled"),
        ]
    ],
    (COMPLETED, "queue", "run r already exists; it is completed"),
    (FAILED, "queue", "run r already exists; it is failed"),
    (CANCELLED, "queue", "run r already exists; it is cancelled"),
]


def folded(past: list[RunEvent]) -> Run | None:
    """The run after these events, recorded at 1, 2, 3 …"""
    run = None
    for recorded_at, event in enumerate(past, start=1):
        run = evolve("r", run, event, recorded_at)
    return run


def existing(past: list[RunEvent]) -> Run:
    run = folded(past)
    assert run is not None
    return run


def test_a_run_that_does_not_exist_can_be_queued() -> None:
    assert queue(folded([]), REQUEST) == Queued(REQUEST)


@pytest.mark.parametrize(("given_", "when", "then"), ALLOWED)
def test_allowed(given_: list[RunEvent], when: str, then: RunEvent) -> None:
    assert MOVES[when](existing(given_)) == then


@pytest.mark.parametrize(("given_", "when", "then"), ILLEGAL)
def test_illegal(given_: list[RunEvent], when: str, then: str) -> None:
    with pytest.raises(IllegalMove) as raised:
        MOVES[when](existing(given_))
    assert str(raised.value) == then


def test_every_move_from_every_state_is_in_one_of_the_tables() -> None:
    tried = {(existing(past).state, move) for past, move, _ in [*ALLOWED, *ILLEGAL]}
    assert tried == {(state, move) for state in RunState for move in MOVES}
    assert len(tried) == len(ALLOWED) + len(ILLEGAL)


@pytest.mark.parametrize(("given_", "when", "then"), ALLOWED)
def test_an_events_previous_state_is_the_state_it_was_decided_in(
    given_: list[RunEvent], when: str, then: Any
) -> None:
    assert then.previous_state == existing(given_).state.value


def test_a_life_from_queue_to_completion() -> None:
    past = [*RUNNING, Progressed(0.5, 1, 2, "", 1.0), Logged("half"), Completed("digest")]
    assert existing(past[:1]) == Run("r", RunState.QUEUED, 0.0, 1)
    assert existing(past[:2]) == Run("r", RunState.RUNNING, 0.0, 1, 2)
    assert existing(past[:4]) == Run("r", RunState.RUNNING, 0.5, 1, 2)
    assert existing(past) == Run("r", RunState.COMPLETED, 1.0, 1, 2, 5)


def test_a_failure_keeps_its_error_and_the_progress_so_far() -> None:
    past = [*RUNNING, Progressed(0.5, 1, 2, "", 1.0), Failed("it broke", "running")]
    assert existing(past) == Run("r", RunState.FAILED, 0.5, 1, 2, 4, "it broke")


def test_a_run_cancelled_in_the_queue_never_started() -> None:
    assert existing(CANCELLED) == Run("r", RunState.CANCELLED, 0.0, 1, None, 2)


def test_final_states_are_those_that_nothing_leaves() -> None:
    final = {existing(past).state for past in (COMPLETED, FAILED, CANCELLED)}
    assert {state for state in RunState if state.final} == final


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 2**53))))
def test_evolve_takes_any_events_in_any_order_and_is_pure(
    history: list[tuple[RunEvent, int]],
) -> None:
    run: Run | None = None
    for event, recorded_at in history:
        before = None if run is None else msgspec.json.encode(run)
        after = evolve("r", run, event, recorded_at)
        assert evolve("r", run, event, recorded_at) == after
        assert before is None or msgspec.json.encode(run) == before
        assert after.run_id == "r"
        run = after
