"""The life of a sweep: given its events, when a move is asked for, then it is made or refused."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from domain.optimizations import lifecycle
from domain.optimizations.events import (
    Cancelled,
    Completed,
    Failed,
    Pending,
    Progressed,
    Resumed,
    Running,
    SweepEvent,
    TrialAsked,
    TrialCompleted,
    TrialFailed,
)
from domain.optimizations.lifecycle import (
    BestTrial,
    IllegalMove,
    Optimization,
    SweepState,
    UnreadableStream,
    evolve,
)
from domain.runs.events import CodeReference, Logged, Measured
from domain.strategies.code import Code
from tests.domain.optimizations.making import LONG, SHORT, a_manifest, a_request

REQUEST = a_request(SHORT, LONG, constraints=["short_period < 7"])
PENDING = Pending(REQUEST, 20)
RUNNING = Running(a_manifest())
PARAMS = {"short_period": 5, "long_period": 10}


def completed(number: int, value: float | None) -> TrialCompleted:
    return TrialCompleted(number, PARAMS, value, None, None, None, {"sharpe_ratio": value})


def sweep(*events: SweepEvent) -> Optimization:
    """The sweep after these events, the n-th of which was recorded at n."""
    found: Optimization | None = None
    for moment, event in enumerate(events, start=1):
        found = evolve("s", found, event, moment)
    assert found is not None
    return found


LIVES: dict[SweepState, Sequence[SweepEvent]] = {
    SweepState.PENDING: [PENDING],
    SweepState.RUNNING: [PENDING, RUNNING],
    SweepState.COMPLETED: [PENDING, RUNNING, Completed("ab")],
    SweepState.FAILED: [PENDING, RUNNING, Failed("no data", "running")],
    SweepState.CANCELLED: [PENDING, RUNNING, Cancelled("running")],
}


def test_a_sweep_from_its_request_on() -> None:
    whole = sweep(
        PENDING,
        RUNNING,
        Logged("made up", "warning"),
        TrialAsked(0, PARAMS),
        TrialAsked(1, PARAMS),
        TrialAsked(2, PARAMS),
        TrialFailed(0, PARAMS, "no"),
        completed(1, 1.5),
        Progressed(0.1, 2, 20, 1, 1, 1.5),
    )
    assert msgspec.to_builtins(whole) == {
        "optimization_id": "s",
        "name": "sweep",
        "state": "running",
        "strategy": "grid",
        "objective_metric": "sharpe_ratio",
        "direction": "maximize",
        "max_trials": 100,
        "trials": 20,
        "trials_asked": 3,
        "trials_completed": 1,
        "trials_failed": 1,
        "best_trial": {"number": 1, "params": PARAMS, "value": 1.5},
        "created_at": 1,
        "started_at": 2,
        "finished_at": None,
        "error": None,
        "created_by": None,
    }
    assert (whole.ended, whole.trials_running) == (2, 1)


def test_the_best_trial_is_the_first_of_the_best_and_one_without_an_objective_is_none() -> None:
    ends = [completed(0, None), completed(1, 1.0), completed(2, 2.0), completed(3, 2.0)]
    assert sweep(PENDING, RUNNING, *ends).best_trial == BestTrial(2, PARAMS, 2.0)
    assert sweep(PENDING, RUNNING, *ends[:1]).best_trial is None
    lowest = Pending(msgspec.structs.replace(REQUEST, direction="minimize"), 20)
    assert sweep(lowest, RUNNING, *ends).best_trial == BestTrial(1, PARAMS, 1.0)


def test_how_it_ends() -> None:
    done = sweep(*LIVES[SweepState.RUNNING], Measured("sharpe_ratio", 1.0), Completed("ab"))
    assert (done.state, done.finished_at) == (SweepState.COMPLETED, 4)
    failed = sweep(*LIVES[SweepState.FAILED])
    assert (failed.state, failed.finished_at, failed.error) == (SweepState.FAILED, 3, "no data")
    assert sweep(PENDING, Cancelled("pending")).finished_at == 2
    asked = sweep(PENDING, RUNNING, TrialAsked(0, PARAMS), Cancelled("running"))
    assert asked.trials_running == 0


def test_a_resumed_sweep_keeps_what_it_found_and_when_it_first_began() -> None:
    asked = [TrialAsked(0, PARAMS), TrialAsked(1, PARAMS)]
    failed: list[SweepEvent] = [PENDING, RUNNING, *asked, completed(0, 1.0)]
    failed.append(Failed("no engine", "running"))
    pending = sweep(*failed, Resumed(previous_state="failed"))
    assert (pending.state, pending.error, pending.finished_at) == (SweepState.PENDING, None, None)
    running = sweep(*failed, Resumed(previous_state="failed"), RUNNING)
    assert (running.started_at, running.trials_completed, running.trials_running) == (2, 1, 1)
    assert running.best_trial == BestTrial(0, PARAMS, 1.0)


Move = Callable[[Optimization], SweepEvent]
MOVES: list[tuple[Move, dict[SweepState, SweepEvent], str]] = [
    (
        lambda sweep: lifecycle.start(sweep, RUNNING.manifest),
        {SweepState.PENDING: RUNNING},
        "only a pending one can be started",
    ),
    (
        lambda sweep: lifecycle.fail(sweep, "no"),
        {
            SweepState.PENDING: Failed("no", "pending"),
            SweepState.RUNNING: Failed("no", "running"),
        },
        "only a pending or running one can be failed",
    ),
    (
        lifecycle.cancel,
        {SweepState.PENDING: Cancelled("pending"), SweepState.RUNNING: Cancelled("running")},
        "only a pending or running one can be cancelled",
    ),
    (
        lifecycle.resume,
        {
            SweepState.FAILED: Resumed(previous_state="failed"),
            SweepState.CANCELLED: Resumed(previous_state="cancelled"),
        },
        "only a failed or cancelled one can be resumed",
    ),
]


@pytest.mark.parametrize("state", SweepState)
@pytest.mark.parametrize(("move", "allowed", "refusal"), MOVES)
def test_moves(
    state: SweepState, move: Move, allowed: dict[SweepState, SweepEvent], refusal: str
) -> None:
    found = sweep(*LIVES[state])
    assert found.state is state
    assert found.state.final == (state.value in ("completed", "failed", "cancelled"))
    if state in allowed:
        assert move(found) == allowed[state]
    else:
        with pytest.raises(IllegalMove, match=f"optimization s is {state.value}; {refusal}"):
            move(found)


def test_a_sweep_is_submitted_once_with_its_number_of_trials() -> None:
    assert lifecycle.submit(None, REQUEST) == PENDING
    code = Code("mine", "", b"pass")
    assert lifecycle.submit(None, REQUEST, code).code == CodeReference("mine", "", code.sha256)
    with pytest.raises(IllegalMove, match="optimization s already exists; it is pending"):
        lifecycle.submit(sweep(PENDING), REQUEST)


def test_an_error_is_cut_to_what_can_be_read() -> None:
    failed = lifecycle.fail(sweep(PENDING), "x\ud800" * 2_000)
    assert failed.error == "x?" * 1_000


def test_a_stream_begins_with_its_request() -> None:
    with pytest.raises(UnreadableStream):
        evolve("s", None, RUNNING, 1)


def test_the_folded_sweep_can_be_stored() -> None:
    for life in LIVES.values():
        stored: Any = msgspec.json.encode(sweep(*life))
        assert msgspec.json.decode(stored, type=Optimization) == sweep(*life)
