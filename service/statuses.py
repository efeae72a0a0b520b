"""Status objects of runs, as the wire has them."""

from typing import NamedTuple

import msgspec

from domain.market.moments import iso
from domain.runs.lifecycle import Run, RunState
from eventstore.store import EventStore
from service.http.conditional import entity_tag
from service.projections import RunsProjection, locate_run, stream_of
from service.runs import UnknownRun, canonical
from service.stream_cache import StreamCache


class RunStatus(msgspec.Struct, frozen=True):
    """A run's status object; times are ISO 8601, UTC. ``log_id``: the log that the run is in.

    ``created_by``: the name of the API key that it was made with.
    """

    run_id: str
    state: RunState
    progress: float
    created_at: str
    started_at: str | None
    finished_at: str | None
    error: str | None
    log_id: str
    created_by: str | None


class CurrentRun(NamedTuple):
    """A run as the last of its ``events``, at ``position`` of the log, left it.

    Its tag, and its status object in JSON.
    """

    run: Run
    position: int
    events: int
    tag: str
    body: bytes


class RunStatuses:
    """Runs and their encoded status objects, without a read where nothing has changed."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._cache: StreamCache[CurrentRun] = StreamCache(store)

    async def of(self, run_id: str) -> CurrentRun:
        """A run as it is now. Raises ``UnknownRun``."""
        # An id that is not spelt as the log spells it is not found here, which costs a read.
        current = self._cache.find(stream_of(run_id))
        if current is not None:
            return current
        known = canonical(run_id)
        return await self._cache.make(stream_of(known), lambda: self._read(known, run_id))

    async def _read(self, run_id: str, asked: str) -> CurrentRun:
        located = await locate_run(self._store, run_id)
        if located is None:
            raise UnknownRun(asked)
        return current_run(*located, self._store.log_id)


def current_run(run: Run, position: int, events: int, log_id: str) -> CurrentRun:
    """A run as its event number ``events``, at ``position`` of the log, left it."""
    tag = entity_tag(log_id, "run", RunsProjection.version, position)
    return CurrentRun(run, position, events, tag, msgspec.json.encode(status_of(run, log_id)))


def status_of(run: Run, log_id: str) -> RunStatus:
    """Put a run of a log into the shape of the wire."""
    return RunStatus(
        run_id=run.run_id,
        state=run.state,
        progress=run.progress,
        created_at=iso(run.created_at),
        started_at=None if run.started_at is None else iso(run.started_at),
        finished_at=None if run.finished_at is None else iso(run.finished_at),
        error=run.error,
        log_id=log_id,
        created_by=run.created_by,
    )
