"""A run simulated again from its log and the catalog's data, and compared event by event."""

from collections.abc import AsyncIterator, Iterator

import msgspec
from msgspec import UNSET

from domain.engine.simulate import simulate
from domain.errors import DomainError
from domain.runs.events import (
    Cancelled,
    EncodedEvent,
    Failed,
    Queued,
    Started,
    code_of,
    decode,
    encode,
)
from domain.runs.manifest import Manifest
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from eventstore.events import Event
from eventstore.findings import Finding
from eventstore.store import EventStore
from service.audit.difference import difference
from service.audit.inputs import Contradiction, Inputs, inputs_of
from service.audit.report import RunCheck
from service.execution.job import failure
from service.market_data.catalog import Catalog
from service.market_data.errors import MarketDataError

PAGE_EVENTS = 16


class Reexecution(msgspec.Struct):
    """The outcome for one run: the first bad event if there is one, and how many were compared."""

    compared: int = 0
    findings: list[Finding] = []
    notes: list[str] = []


class _Unsound(Exception):
    """The run cannot be simulated as its log says."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings


async def reexecute(store: EventStore, stream: str, catalog: Catalog) -> Reexecution:
    """Simulate the run that ``stream`` records and compare all its events.

    The request, and the source of a user's own strategy, are those of the first event; prices come
    from the catalog or are made up, symbol by symbol as the manifest says, and must have the
    manifest's SHA-256. A run that was cancelled, or
    failed for a reason that is not in its request and data, is compared as far as it got.
    """
    outcome = Reexecution()
    events = aiter(_stored(store, stream))
    first, second = await anext(events, None), await anext(events, None)
    if first is None:
        outcome.findings.append(
            Finding(check="event", stream=stream, reason="there is no such run")
        )
        return outcome
    try:
        queued = _queued(first)
        manifest = None if second is None else _manifest(second)
        if manifest is None or second is None:
            await _require_end(events)
            outcome.notes.append(f"{stream}: it was never started, there is nothing to simulate")
            return outcome
        inputs = _inputs(
            second, queued.request, manifest, catalog, code_of(queued, first.attachment)
        )
        outcome.notes += [f"{stream}: {note}" for note in inputs.notes]
        await _compare(_from(second, events), _simulated(inputs), outcome)
    except _Unsound as unsound:
        outcome.findings += unsound.findings
    return outcome


async def _compare(
    stored: AsyncIterator[Event], simulated: Iterator[EncodedEvent], outcome: Reexecution
) -> None:
    event: Event | None = None
    async for event in stored:
        ending = _decoded(event) if event.type == "state" else None
        if isinstance(ending, Failed) and ending.exceeded is not UNSET:
            # It may take for ever, or all memory, here too.
            outcome.notes.append(_how_it_ended(event, ending, outcome.compared))
            await _require_end(stored)
            return
        expected = next(simulated, None)
        if expected is None:
            raise _unsound(event, "it comes after the last event that the simulation gives")
        found = difference(EncodedEvent(event.type, event.payload, event.attachment), expected)
        if found is None:
            outcome.compared += 1
            continue
        if not isinstance(ending, Cancelled | Failed) or ending.previous_state != "running":
            raise _unsound(event, found)
        outcome.notes.append(_how_it_ended(event, ending, outcome.compared))
        await _require_end(stored)
        return
    if event is not None and next(simulated, None) is not None:
        outcome.notes.append(
            f"{event.stream}: it has not ended; its {outcome.compared} events are as simulated"
        )


def _how_it_ended(event: Event, ending: Cancelled | Failed, compared: int) -> str:
    how = f"failed ({ending.error})" if isinstance(ending, Failed) else "was cancelled"
    return f"{event.stream}: it {how}; the {compared} events before are as simulated"


async def _require_end(events: AsyncIterator[Event]) -> None:
    async for event in events:
        raise _unsound(event, "it comes after the run's last event")


def _inputs(
    event: Event,
    request: BacktestRequest,
    manifest: Manifest,
    catalog: Catalog,
    code: Code | None,
) -> Inputs:
    try:
        return inputs_of(request, manifest, catalog, code)
    except Contradiction as error:
        raise _unsound(event, *error.reasons, check=error.check) from error
    except (DomainError, MarketDataError) as error:
        raise _unsound(event, f"the run cannot be simulated here: {error}") from error


def _simulated(inputs: Inputs) -> Iterator[EncodedEvent]:
    bars = [provided.bars for provided in inputs.data]
    request = inputs.manifest.request
    benchmark = inputs.benchmark.held(request) if inputs.benchmark else None
    actions = [provided.acting() for provided in inputs.data]
    try:
        for batch in simulate(inputs.manifest, bars, benchmark, actions, code=inputs.code):
            yield from batch
    except Exception as error:  # as in an engine process: whatever is raised ends the run
        yield encode(failure(error, "running"))


def _queued(event: Event) -> Queued:
    queued = _decoded(event)
    if not isinstance(queued, Queued):
        raise _unsound(event, "it should be the run's request, state queued")
    return queued


def _manifest(event: Event) -> Manifest | None:
    match _decoded(event):
        case Started(manifest=manifest):
            return manifest
        case Cancelled(previous_state="queued") | Failed(previous_state="queued"):
            return None
        case _:
            raise _unsound(event, "a queued run can only be started, cancelled or failed")


def _decoded(event: Event) -> object:
    try:
        return decode(event.type, event.payload)
    except (DomainError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unsound(event, f"it cannot be read: {error}") from error


def _unsound(event: Event, *reasons: str, check: RunCheck = "reexecution") -> _Unsound:
    findings = [
        Finding(
            check=check,
            reason=reason,
            stream=event.stream,
            event_id=event.event_id,
            position=event.position,
        )
        for reason in reasons
    ]
    return _Unsound(findings)


async def _stored(store: EventStore, stream: str) -> AsyncIterator[Event]:
    cursor = 0
    while page := await store.read(stream, cursor, PAGE_EVENTS):
        for event in page:
            yield event
        cursor = page[-1].event_id


async def _from(first: Event, following: AsyncIterator[Event]) -> AsyncIterator[Event]:
    yield first
    async for event in following:
        yield event
