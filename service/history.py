"""The past: a run or an optimization as an event, or a position of the log, left it.

Whatever is in the log stays as it is, so these answers never change.
"""

from collections.abc import AsyncIterator, Callable

from domain.optimizations import events as sweep_events
from domain.optimizations import lifecycle as sweep_lifecycle
from domain.optimizations.lifecycle import Optimization
from domain.runs.events import Measured, decode
from domain.runs.lifecycle import Run, evolve
from eventstore.events import Event
from eventstore.store import EventStore
from service.lists.pages import Past
from service.optimizations import projection as optimizations
from service.projections import stream_of

PAGE_EVENTS = 500


async def run_at_event(store: EventStore, run_id: str, event_id: int) -> Past[Run]:
    """Fold a run's first ``event_id`` events, all of which are there."""
    return await _run(store, run_id, lambda event: event.event_id <= event_id)


async def run_at_position(store: EventStore, run_id: str, position: int) -> Past[Run]:
    """Fold a run's events up to a position of the log, of which there is one at least."""
    return await _run(store, run_id, lambda event: event.position <= position)


async def optimization_at_position(
    store: EventStore, optimization_id: str, position: int
) -> Past[Optimization]:
    """The same of an optimization; its metric is that of its best trial."""
    sweep: Optimization | None = None
    last: Event | None = None
    stream = optimizations.stream_of(optimization_id)
    async for event in _events(store, stream, lambda event: event.position <= position):
        decoded = sweep_events.decode(event.type, event.payload)
        sweep = sweep_lifecycle.evolve(optimization_id, sweep, decoded, event.recorded_at)
        last = event
    assert sweep is not None
    assert last is not None
    return Past(
        sweep,
        last.position,
        last.event_id,
        {optimizations.BEST_VALUE: optimizations.best_value(sweep)},
    )


async def _run(store: EventStore, run_id: str, within: Callable[[Event], bool]) -> Past[Run]:
    run: Run | None = None
    last: Event | None = None
    metrics: dict[str, float | int | None] = {}
    async for event in _events(store, stream_of(run_id), within):
        decoded = decode(event.type, event.payload)
        run = evolve(run_id, run, decoded, event.recorded_at)
        last = event
        if isinstance(decoded, Measured):
            metrics[decoded.name] = decoded.value
    assert run is not None
    assert last is not None
    return Past(run, last.position, last.event_id, metrics)


async def _events(
    store: EventStore, stream: str, within: Callable[[Event], bool]
) -> AsyncIterator[Event]:
    cursor = 0
    while page := await store.read(stream, cursor, PAGE_EVENTS, attachments=False):
        for event in page:
            if not within(event):
                return
            yield event
        cursor = page[-1].event_id
