"""The run aggregate: its state, how events change it, and which moves are allowed.

queued ──▶ running ──▶ completed
   │          ├──────▶ failed
   └──────────┴──────▶ cancelled        (a queued run may fail too: its data may be missing)
"""

from enum import Enum
from typing import Any, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from domain.errors import DomainError
from domain.runs.events import (
    Cancelled,
    CodeReference,
    Completed,
    Failed,
    Limit,
    Logged,
    Measured,
    Progressed,
    Queued,
    RunEvent,
    Started,
    failed,
)
from domain.runs.manifest import Manifest
from domain.runs.origin import Origin, name_of_maker
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code


class RunState(Enum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing can follow."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


class Run(msgspec.Struct, frozen=True):
    """A run as its events so far describe it; times in microseconds since the epoch, UTC.

    ``created_by``: the name of the API key that it was made with.
    """

    run_id: str
    state: RunState
    progress: float
    created_at: int
    started_at: int | None = None
    finished_at: int | None = None
    error: str | None = None
    created_by: str | None = None


class IllegalMove(DomainError):
    """The run is not in a state from which the asked move is possible."""


def evolve(run_id: str, run: Run | None, event: RunEvent, recorded_at: int) -> Run:
    """Fold one event into the run. The first event of a stream is ``Queued``; none fails."""
    if isinstance(event, Queued):
        maker = name_of_maker(event.origin)
        return Run(run_id, RunState.QUEUED, 0.0, created_at=recorded_at, created_by=maker)
    if run is None:
        run = Run(run_id, RunState.QUEUED, 0.0, created_at=recorded_at)
    changes: dict[str, Any]
    match event:
        case Started():
            changes = {"state": RunState.RUNNING, "started_at": recorded_at}
        case Progressed(progress=progress):
            changes = {"progress": progress}
        case Completed(progress=progress):
            changes = {"state": RunState.COMPLETED, "progress": progress}
        case Failed(error=error):
            changes = {"state": RunState.FAILED, "error": error}
        case Cancelled():
            changes = {"state": RunState.CANCELLED}
        case Measured() | Logged():
            changes = {}
        case _:
            assert_never(event)
    if isinstance(event, Completed | Failed | Cancelled):
        changes["finished_at"] = recorded_at
    return msgspec.structs.replace(run, **changes)


def queue(
    run: Run | None,
    request: BacktestRequest,
    code: Code | None = None,
    origin: Origin | UnsetType = UNSET,
) -> Queued:
    """Accept a run that does not exist yet, of the strategy that ``code`` defines if it is given.

    The event is to be stored with the code's source as its attachment.
    """
    if run is not None:
        raise IllegalMove(f"run {run.run_id} already exists; it is {run.state.value}")
    reference = UNSET if code is None else CodeReference.of(code)
    return Queued(request, code=reference, origin=origin)


def start(run: Run, manifest: Manifest) -> Started:
    """Begin a queued run."""
    if run.state is not RunState.QUEUED:
        raise _illegal(run, "started", "queued")
    return Started(manifest)


def complete(run: Run, digest: str) -> Completed:
    """Finish a running run."""
    if run.state is not RunState.RUNNING:
        raise _illegal(run, "completed", "running")
    return Completed(digest)


def fail(run: Run, error: str, exceeded: Limit | UnsetType = UNSET) -> Failed:
    """End a queued or running run with an error, or with the limit that it exceeded."""
    match run.state:
        case RunState.QUEUED:
            return failed(error, "queued", exceeded)
        case RunState.RUNNING:
            return failed(error, "running", exceeded)
        case RunState.COMPLETED | RunState.FAILED | RunState.CANCELLED:
            raise _illegal(run, "failed", "queued or running")


def cancel(run: Run) -> Cancelled:
    """End a queued or running run because its client asked."""
    match run.state:
        case RunState.QUEUED:
            return Cancelled("queued")
        case RunState.RUNNING:
            return Cancelled("running")
        case RunState.COMPLETED | RunState.FAILED | RunState.CANCELLED:
            raise _illegal(run, "cancelled", "queued or running")


def _illegal(run: Run, asked: str, allowed: str) -> IllegalMove:
    return IllegalMove(
        f"run {run.run_id} is {run.state.value}; only a {allowed} run can be {asked}"
    )
