"""The past: a run as one of its events left it, the list of runs as a position of the log left it.

Whatever is in the log stays as it is, so these answers never change.
"""

from collections.abc import Callable

from domain.runs.events import decode
from domain.runs.lifecycle import Run, evolve
from eventstore.events import Event
from eventstore.store import EventStore
from service.projections import list_until, stream_of

PAGE_EVENTS = 500
PAGE_RUNS = 200
NO_ORDINAL = 2**63 - 1  # above that of every run


async def run_at_event(store: EventStore, run_id: str, event_id: int) -> Run:
    """Fold a run's first ``event_id`` events, all of which are there."""
    run = await _fold(store, run_id, lambda event: event.event_id <= event_id)
    assert run is not None
    return run


async def runs_at_position(
    store: EventStore, position: int, *, state: str | None, before: int | None, limit: int
) -> list[tuple[int, Run]]:
    """Read (ordinal, run) as of a position of the log; otherwise as ``list_runs`` does.

    Only the runs that were under way then are folded anew, as far as they had come.
    """
    found: list[tuple[int, Run]] = []
    before = NO_ORDINAL if before is None else before
    while page := await list_until(store, position, before=before, limit=PAGE_RUNS):
        for ordinal, run, last_position in page:
            then: Run | None = run
            if last_position > position:
                then = await _fold(store, run.run_id, lambda event: event.position <= position)
            if then is not None and state in (None, then.state.value):
                found.append((ordinal, then))
            if len(found) == limit:
                return found
        before = page[-1][0]
    return found


async def _fold(store: EventStore, run_id: str, within: Callable[[Event], bool]) -> Run | None:
    run: Run | None = None
    cursor = 0
    while page := await store.read(stream_of(run_id), cursor, PAGE_EVENTS, attachments=False):
        for event in page:
            if not within(event):
                return run
            run = evolve(run_id, run, decode(event.type, event.payload), event.recorded_at)
        cursor = page[-1].event_id
    return run
