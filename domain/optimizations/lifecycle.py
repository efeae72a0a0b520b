"""The sweep aggregate: its state, how events change it, and which moves are allowed.

pending ──▶ running ──▶ completed
 ▲ │          ├──────▶ failed      (a pending sweep may fail too: its data may be missing)
 │ └──────────┴──────▶ cancelled
 └── resume ── failed, cancelled
"""

from enum import Enum
from typing import Any, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from domain.errors import DomainError
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
    readable,
)
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.ranking import better
from domain.optimizations.request import Direction, OptimizationRequest, SamplerName, trials_of
from domain.runs.events import CodeReference, Logged, Measured
from domain.runs.origin import Origin, name_of_maker
from domain.strategies.code import Code


class SweepState(Enum):
    """Where a sweep is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing follows by itself; a failed or cancelled sweep can be resumed."""
        return self not in (SweepState.PENDING, SweepState.RUNNING)


class BestTrial(msgspec.Struct, frozen=True):
    """The trial that ranks first, with its objective."""

    number: int
    params: dict[str, Any]
    value: float


class Optimization(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep as its events so far describe it; times in microseconds since the epoch, UTC.

    ``trials``: how many it comes to; ``trials_asked``: how many were asked for so far.
    ``created_by``: the name of the API key that it was made with.
    """

    optimization_id: str
    name: str
    state: SweepState
    strategy: SamplerName
    objective_metric: str
    direction: Direction
    max_trials: int
    trials: int
    trials_asked: int = 0
    trials_completed: int = 0
    trials_failed: int = 0
    best_trial: BestTrial | None = None
    created_at: int
    started_at: int | None = None
    finished_at: int | None = None
    error: str | None = None
    created_by: str | None = None

    @property
    def ended(self) -> int:
        """How many trials have ended, one way or the other."""
        return self.trials_completed + self.trials_failed

    @property
    def trials_running(self) -> int:
        """How many trials were asked for and have not ended, while the sweep runs."""
        return self.trials_asked - self.ended if self.state is SweepState.RUNNING else 0


class UnreadableStream(DomainError):
    """A stream is not that of a sweep."""


class IllegalMove(DomainError):
    """The sweep is not in a state from which the asked move is possible."""


def evolve(
    optimization_id: str, sweep: Optimization | None, event: SweepEvent, recorded_at: int
) -> Optimization:
    """Fold one event into the sweep. The first event of a stream is ``Pending``; none fails."""
    if isinstance(event, Pending):
        return _new(optimization_id, event, recorded_at)
    if sweep is None:
        raise UnreadableStream(f"the stream of {optimization_id} does not begin with its request")
    return msgspec.structs.replace(sweep, **_changes(sweep, event, recorded_at))


def submit(
    sweep: Optimization | None,
    request: OptimizationRequest,
    code: Code | None = None,
    origin: Origin | UnsetType = UNSET,
) -> Pending:
    """Accept a sweep that does not exist yet; ``request`` is normalised.

    The event is to be stored with the code's source as its attachment.
    """
    if sweep is not None:
        raise IllegalMove(
            f"optimization {sweep.optimization_id} already exists; it is {sweep.state.value}"
        )
    reference = UNSET if code is None else CodeReference.of(code)
    return Pending(request, trials_of(request), code=reference, origin=origin)


def start(sweep: Optimization, manifest: SweepManifest) -> Running:
    """Begin, or go on with, a pending sweep."""
    if sweep.state is not SweepState.PENDING:
        raise _illegal(sweep, "started", "pending")
    return Running(manifest)


def fail(sweep: Optimization, error: str) -> Failed:
    """End a pending or running sweep with an error."""
    match sweep.state:
        case SweepState.PENDING:
            return Failed(readable(error), "pending")
        case SweepState.RUNNING:
            return Failed(readable(error), "running")
        case SweepState.COMPLETED | SweepState.FAILED | SweepState.CANCELLED:
            raise _illegal(sweep, "failed", "pending or running")


def cancel(sweep: Optimization) -> Cancelled:
    """End a pending or running sweep because its client asked."""
    match sweep.state:
        case SweepState.PENDING:
            return Cancelled("pending")
        case SweepState.RUNNING:
            return Cancelled("running")
        case SweepState.COMPLETED | SweepState.FAILED | SweepState.CANCELLED:
            raise _illegal(sweep, "cancelled", "pending or running")


def resume(sweep: Optimization) -> Resumed:
    """Go on with a failed or cancelled sweep."""
    match sweep.state:
        case SweepState.FAILED:
            return Resumed(previous_state="failed")
        case SweepState.CANCELLED:
            return Resumed(previous_state="cancelled")
        case SweepState.PENDING | SweepState.RUNNING | SweepState.COMPLETED:
            raise _illegal(sweep, "resumed", "failed or cancelled")


def _new(optimization_id: str, pending: Pending, recorded_at: int) -> Optimization:
    request = pending.request
    return Optimization(
        optimization_id=optimization_id,
        name=request.name,
        state=SweepState.PENDING,
        strategy=request.strategy,
        objective_metric=request.objective_metric,
        direction=request.direction,
        max_trials=request.max_trials,
        trials=pending.trials,
        created_at=recorded_at,
        created_by=name_of_maker(pending.origin),
    )


def _changes(sweep: Optimization, event: SweepEvent, recorded_at: int) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    match event:
        case TrialAsked():
            changes = {"trials_asked": sweep.trials_asked + 1}
        case TrialCompleted():
            changes = {"trials_completed": sweep.trials_completed + 1, **_best(sweep, event)}
        case TrialFailed():
            changes = {"trials_failed": sweep.trials_failed + 1}
        case Running():
            first = recorded_at if sweep.started_at is None else sweep.started_at
            changes = {"state": SweepState.RUNNING, "started_at": first}
        case Resumed():
            changes = {"state": SweepState.PENDING, "finished_at": None, "error": None}
        case Completed():
            changes = {"state": SweepState.COMPLETED, "finished_at": recorded_at}
        case Failed(error=error):
            changes = {"state": SweepState.FAILED, "finished_at": recorded_at, "error": error}
        case Cancelled():
            changes = {"state": SweepState.CANCELLED, "finished_at": recorded_at}
        case Pending() | Progressed() | Measured() | Logged():
            pass
        case _:
            assert_never(event)
    return changes


def _best(sweep: Optimization, trial: TrialCompleted) -> dict[str, Any]:
    best = None if sweep.best_trial is None else sweep.best_trial.value
    if trial.value is None or not better(trial.value, best, sweep.direction):
        return {}
    return {"best_trial": BestTrial(trial.number, trial.params, trial.value)}


def _illegal(sweep: Optimization, asked: str, allowed: str) -> IllegalMove:
    return IllegalMove(
        f"optimization {sweep.optimization_id} is {sweep.state.value}; only a {allowed} one can be"
        f" {asked}"
    )
