"""What can be done with runs: create, cancel. Each is one decision appended to the run's stream."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from uuid import UUID, uuid4

from msgspec import UNSET, UnsetType

from domain.runs import lifecycle
from domain.runs.events import EncodedEvent, encode
from domain.runs.lifecycle import Run
from domain.runs.origin import Origin
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from eventstore.errors import VersionConflict
from eventstore.events import NewEvent
from eventstore.store import EventStore
from service.projections import find_run, stream_of

Precondition: TypeAlias = Callable[[], Awaitable[None]]
"""Raises where a client asks for something on a condition that does not hold."""


async def no_condition() -> None:
    """Hold in any case."""


class UnknownRun(Exception):
    """There is no run of this id."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"there is no backtest {run_id!r}")


def stored_form(events: Sequence[EncodedEvent]) -> list[NewEvent]:
    """Hand the domain's events to the log: same type, same bytes."""
    return [NewEvent(event.type, event.payload, event.attachment) for event in events]


async def decide(
    store: EventStore, stream: str, decision: Callable[[], Awaitable[EncodedEvent]]
) -> None:
    """Append what ``decision`` makes of a stream; it is asked again where that grew meanwhile."""
    while True:
        # The head is read first: whatever changes the stream after it makes the append conflict.
        version = await store.head(stream)
        decided = await decision()
        try:
            await store.append(stream, stored_form([decided]), expected_version=version)
        except VersionConflict:
            continue
        return


async def create_run(
    store: EventStore,
    request: BacktestRequest,
    code: Code | None = None,
    origin: Origin | UnsetType = UNSET,
) -> Run:
    """Accept a run: it is in the log, and will be executed, once this returns.

    ``request`` is normalised; ``code`` is the source of its strategy where that is a user's own,
    and goes into the log with it.
    """
    run_id = str(uuid4())
    queued = lifecycle.queue(None, request, code, origin)
    first = encode(queued, None if code is None else code.source)
    await store.append(stream_of(run_id), stored_form([first]), expected_version=0)
    return await get_run(store, run_id)


async def get_run(store: EventStore, run_id: str) -> Run:
    """Read a run. Raises ``UnknownRun``."""
    run = await find_run(store, canonical(run_id))
    if run is None:
        raise UnknownRun(run_id)
    return run


async def stream_of_run(store: EventStore, run_id: str) -> str:
    """Name the stream of a run. Raises ``UnknownRun``."""
    return stream_of((await get_run(store, run_id)).run_id)


async def cancel_run(
    store: EventStore, run_id: str, precondition: Precondition = no_condition
) -> Run:
    """Cancel a queued or running run. Raises ``UnknownRun`` or ``IllegalMove``.

    ``precondition`` is asked of the run as it is when the event is appended, if that can be.
    """
    run_id = canonical(run_id)

    async def cancelled() -> EncodedEvent:
        event = lifecycle.cancel(await get_run(store, run_id))
        await precondition()
        return encode(event)

    await decide(store, stream_of(run_id), cancelled)
    return await get_run(store, run_id)


def canonical(run_id: str) -> str:
    """Spell an id as the log does. Raises ``UnknownRun``."""
    try:
        return str(UUID(run_id))
    except ValueError:
        raise UnknownRun(run_id) from None
