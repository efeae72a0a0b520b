"""After a round: the log on disk against what clients were told and what should have happened."""

from collections import defaultdict
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path

import msgspec

from domain.market.moments import iso
from domain.runs.events import Cancelled, EncodedEvent, Queued, decode, encode
from domain.runs.lifecycle import Run, evolve
from domain.runs.request import BacktestRequest, normalise
from eventstore.chain import Head, verify, without_gaps
from eventstore.errors import EventStoreError
from eventstore.events import Event
from eventstore.store import EventStore
from service import clock
from service.projections import RUN_STREAM, RunsProjection
from tests.torture.undisturbed import Undisturbed
from tests.torture.witness import Frame, LogFrame, Violation, Witness

PAGE_EVENTS = 500
KEPT_FILES = {"audit-key.pem", "log.db", "log.db.lock", "market"}
PROJECTED = "SELECT ordinal, run_id, state, run FROM runs ORDER BY ordinal"


async def examine(data: Path, temporary: Path, witness: Witness, undisturbed: Undisturbed) -> None:
    """Check everything that a round must have left behind. Raises ``Violation`` at the first."""
    _require_no_litter(data, temporary)
    try:
        async with await EventStore.open(
            data / "log.db", projections=[RunsProjection()], clock=clock.now_microseconds
        ) as store:
            streams = await _verified_streams(store)
            for run_id, frames in witness.frames.items():
                _require_told_is_stored(streams[run_id], run_id, frames)
            _require_heard_is_stored(streams, witness.log)
            for run_id, document in witness.accepted.items():
                _require_accepted(streams[run_id], run_id, document)
            _require_made_once(streams, witness)
            for run_id, events in streams.items():
                _require_undisturbed(events, undisturbed, cancelled=run_id in witness.cancelled)
            await _require_projected(store, streams)
    except EventStoreError as error:
        raise Violation(f"the log: {error}") from error


def _require_no_litter(data: Path, temporary: Path) -> None:
    left = [path.name for path in data.iterdir() if path.name not in KEPT_FILES]
    left += [path.name for path in temporary.iterdir()]
    if left:
        raise Violation(f"files were left over: {left}")


async def _verified_streams(store: EventStore) -> dict[str, list[Event]]:
    """Every run's events, in order, their chains verified, without gap or double."""
    streams: dict[str, list[Event]] = defaultdict(list)
    heads: dict[str, Head] = {}
    position = 0
    while page := await store.read_all(position, PAGE_EVENTS):
        verify(without_gaps(page, position), heads)
        for event in page:
            streams[event.stream.removeprefix(RUN_STREAM)].append(event)
        position = page[-1].position
    return streams


def _require_told_is_stored(events: list[Event], run_id: str, told: dict[int, Frame]) -> None:
    for event_id, frame in told.items():
        if event_id > len(events):
            raise Violation(
                f"a client received event {event_id} of run {run_id}, the log ends at {len(events)}"
            )
        stored = events[event_id - 1]
        sent = (frame.type, frame.timestamp, bytes(frame.payload))
        if sent != (stored.type, iso(stored.recorded_at), stored.payload):
            raise Violation(
                f"event {event_id} of run {run_id} was sent as {sent}, "
                f"the log holds {_shown(_content(stored))}"
            )


def _require_heard_is_stored(streams: dict[str, list[Event]], heard: list[LogFrame]) -> None:
    log = {event.position: event for events in streams.values() for event in events}
    for frame in heard:
        stored = log.get(frame.position)
        if stored is None or (stored.stream, stored.event_id) != (frame.stream, frame.event_id):
            raise Violation(f"the feed gave {frame}, the log holds {stored}")
        sent = (frame.type, frame.timestamp, bytes(frame.payload))
        if sent != (stored.type, iso(stored.recorded_at), stored.payload):
            raise Violation(f"the feed gave {frame}, the log holds {_shown(_content(stored))}")


def _require_accepted(events: list[Event], run_id: str, document: dict[str, object]) -> None:
    asked = normalise(msgspec.convert(document, BacktestRequest))
    if not events:
        raise Violation(f"run {run_id} was answered with 201 and is not in the log")
    if _queued(events).request != asked:
        raise Violation(f"run {run_id} was asked as {asked}, the log holds {events[0].payload!r}")


def _require_made_once(streams: dict[str, list[Event]], witness: Witness) -> None:
    """However often a backtest had to be posted until it was answered, there is one run of it."""
    if unknown := streams.keys() - witness.accepted.keys():
        raise Violation(f"these runs were made of posts that were answered with others: {unknown}")


def _require_undisturbed(events: list[Event], undisturbed: Undisturbed, *, cancelled: bool) -> None:
    """Types, payloads and attachments are those of a run that nothing happened to."""
    stream, last = events[0].stream, events[-1]
    queued = _queued(events)
    first = encode(Queued(queued.request, origin=queued.origin))
    expected = [first, *undisturbed.stream(queued.request)[1:]]
    ended = decode(last.type, last.payload)
    if isinstance(ended, Cancelled):
        events, expected = events[:-1], expected[: len(events) - 1]
    elif cancelled:
        raise Violation(f"cancelling {stream} was answered with 200; it ended as {ended}")
    for number, (event, right) in enumerate(zip_longest(events, expected), 1):
        if event is None:
            raise Violation(f"{stream} ends at event {number - 1} of {len(expected)}: {ended}")
        if right is None or _content(event) != right:
            raise Violation(
                f"event {number} of {stream} is {_shown(_content(event))}; "
                f"undisturbed it is {_shown(right) if right else 'not there'}"
            )


async def _require_projected(store: EventStore, streams: dict[str, list[Event]]) -> None:
    stored = await store.query(PROJECTED)
    folded = [
        (ordinal, run_id, run.state.value, msgspec.json.encode(run))
        for ordinal, (run_id, run) in enumerate(map(_fold, streams.items()), 1)
    ]
    for row, right in zip_longest(stored, folded):
        if row != right:
            raise Violation(f"the projection of runs holds {row}; folded from the log: {right}")
    await store.rebuild(RunsProjection.name)
    if await store.query(PROJECTED) != stored:
        raise Violation("the projection of runs is another one after a rebuild")


def _fold(stream: tuple[str, list[Event]]) -> tuple[str, Run]:
    run_id, events = stream
    run: Run | None = None
    for event in events:
        run = evolve(run_id, run, decode(event.type, event.payload), event.recorded_at)
    assert run is not None
    return run_id, run


def _queued(events: list[Event]) -> Queued:
    queued = decode(events[0].type, events[0].payload)
    if not isinstance(queued, Queued):
        raise Violation(f"{events[0].stream} begins with {queued}")
    return queued


def _content(event: Event) -> EncodedEvent:
    return EncodedEvent(event.type, event.payload, event.attachment)


def _shown(event: EncodedEvent) -> str:
    tape = event.attachment
    digest = "no tape" if tape is None else f"a tape with SHA-256 {sha256(tape).hexdigest()}"
    return f"{event.type} {event.payload.decode()} with {digest}"
