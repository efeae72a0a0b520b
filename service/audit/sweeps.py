"""An optimization performed again from its log and the catalog's data, compared event by event."""

import math
from collections import deque

import msgspec
from msgspec import UNSET

from domain.errors import DomainError
from domain.optimizations.events import (
    Cancelled,
    Failed,
    Pending,
    Resumed,
    Running,
    SweepEvent,
    TrialFailed,
    code_of,
    decode,
)
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.sampler import Sampler, create_sampler
from domain.optimizations.sweep import Sweep
from domain.runs.events import EncodedEvent
from domain.strategies.code import Code
from eventstore.events import Event
from eventstore.findings import Finding
from eventstore.store import EventStore
from service.audit.difference import difference
from service.audit.inputs import data_differences, version_notes
from service.audit.reexecution import Reexecution, Unsound, reexecute, stored_events, unsound
from service.execution.evaluating import Evaluations
from service.execution.frames import Conclude, Evaluate, Prepare, SweepJob
from service.execution.job import source_of
from service.market_data.catalog import Catalog
from service.optimizations.projection import OPTIMIZATION_STREAM

CHUNK_TRIALS = 32


async def reexecute_either(store: EventStore, stream: str, catalog: Catalog) -> Reexecution:
    """Execute again the run, or the optimization, that ``stream`` records; see ``reexecute``."""
    if stream.startswith(OPTIMIZATION_STREAM):
        return await reexecute_sweep(store, stream, catalog)
    return await reexecute(store, stream, catalog)


async def reexecute_sweep(store: EventStore, stream: str, catalog: Catalog) -> Reexecution:
    """Ask the sampler of an optimization everything again and evaluate every trial again.

    Trials that broke a limit of the installation are taken from the log. One that was cancelled,
    or failed for a reason that is not in its request and data, is compared as far as it got.
    """
    outcome = Reexecution()
    again: _Again | None = None
    try:
        async for event in stored_events(store, stream):
            decoded = _decoded(event)
            if again is None:
                again = _begun(event, decoded, catalog)
                again.given = await _broke_limits(store, stream)
            else:
                _compare(again, event, decoded, outcome)
    except Unsound as error:
        outcome.findings += error.findings
    if again is None:
        reason = "there is no such optimization"
        outcome.findings.append(Finding(check="event", stream=stream, reason=reason))
    return outcome


def _compare(again: "_Again", event: Event, decoded: SweepEvent, outcome: Reexecution) -> None:
    stored = EncodedEvent(event.type, event.payload, event.attachment)
    try:
        if isinstance(decoded, Running) and not again.prepared:
            notes = again.prepare(event, decoded.manifest)
            outcome.notes += [f"{event.stream}: {note}" for note in notes]
        interrupted = isinstance(decoded, Cancelled | Failed | Resumed) and not again.all_ended
        found = None if interrupted else difference(stored, again.next())
    except DomainError as error:
        raise unsound(event, f"the optimization cannot be performed here: {error}") from error
    if found is not None:
        raise unsound(event, found)
    if isinstance(decoded, Cancelled | Failed):
        how = f"failed ({decoded.error})" if isinstance(decoded, Failed) else "was cancelled"
        outcome.notes.append(f"{event.stream}: it {how} at event {event.event_id}")
    outcome.compared += not interrupted
    again.add(stored, interrupted=interrupted)


class _Again:
    """An optimization, performed anew as far as its log shows it."""

    def __init__(self, run_id: str, pending: Pending, code: Code | None, catalog: Catalog) -> None:
        self.given: dict[int, EncodedEvent] = {}
        self.prepared = False
        self._subject = run_id, pending.request, code
        self._sweep = Sweep(pending)
        self._sampler: Sampler = create_sampler(pending.request)
        self._catalog = catalog
        self._manifest: SweepManifest
        self._evaluations: Evaluations
        self._ahead: deque[EncodedEvent] = deque()

    @property
    def all_ended(self) -> bool:
        """Whether all trials have ended: what comes then depends on them alone."""
        return self._sweep.all_ended

    def prepare(self, event: Event, recorded: SweepManifest) -> list[str]:
        """Load the data of the recorded manifest; what is different without being wrong."""
        made_up = any(dataset.source == "synthetic" for dataset in recorded.data)
        self._evaluations = Evaluations(
            source_of(self._catalog, "synthetic" if made_up else "fail")
        )
        (running,) = self._do(Prepare(*self._subject))
        state = decode(running.type, running.payload)
        assert isinstance(state, Running)
        self._manifest = state.manifest
        if changed := data_differences(recorded.data, self._manifest.data):
            raise unsound(event, *changed, check="data")
        self._sweep.running(
            msgspec.structs.replace(
                self._manifest,
                engine=recorded.engine,
                python=recorded.python,
                libraries=recorded.libraries,
                warnings=recorded.warnings,
            )
        )
        self.prepared = True
        return version_notes(recorded, self._manifest)

    def next(self) -> EncodedEvent:
        """Say which event comes next in the log. Raises ``DomainError``."""
        while not self._ahead:
            if not self.prepared:
                raise DomainError("it was never running")
            if self._sweep.all_ended:
                self._ahead.extend(self._sweep.finish(self._equity()))
                continue
            if question := self._sweep.question():
                if question.tell:
                    self._sampler.tell(question.tell)
                self._sweep.answer(self._sampler.ask(question.ask))
            elif due := self._sweep.due(CHUNK_TRIALS):
                known = [self.given[trial.number] for trial in due if trial.number in self.given]
                trials = [trial for trial in due if trial.number not in self.given]
                job = Evaluate(*self._subject, self._manifest, trials, math.inf)
                self._sweep.ended([*known, *self._do(job)])
            self._ahead.extend(self._sweep.events())
        return self._ahead.popleft()

    def add(self, stored: EncodedEvent, *, interrupted: bool) -> None:
        """Take in the next event of the log."""
        self._sweep.add(stored)
        if interrupted:
            self._ahead.clear()

    def _equity(self) -> bytes | None:
        picks = [trial.params for trial in self._sweep.picks()]
        if not picks:
            return None
        (equity,) = self._do(Conclude(*self._subject, self._manifest, picks))
        return equity.attachment

    def _do(self, job: SweepJob) -> list[EncodedEvent]:
        events = [event for batch in self._evaluations.of(job) for event in batch]
        for event in events:
            if event.type == "state" and isinstance(
                failed := decode(event.type, event.payload), Failed
            ):
                raise DomainError(failed.error)
        return events


def _begun(event: Event, decoded: SweepEvent, catalog: Catalog) -> _Again:
    if not isinstance(decoded, Pending):
        raise unsound(event, "it should be the optimization's request, state pending")
    return _Again(event.stream, decoded, code_of(decoded, event.attachment), catalog)


async def _broke_limits(store: EventStore, stream: str) -> dict[int, EncodedEvent]:
    given = {}
    async for event in stored_events(store, stream):
        decoded = _decoded(event)
        if isinstance(decoded, TrialFailed) and decoded.exceeded is not UNSET:
            given[decoded.number] = EncodedEvent(event.type, event.payload)
    return given


def _decoded(event: Event) -> SweepEvent:
    try:
        return decode(event.type, event.payload)
    except (DomainError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise unsound(event, f"it cannot be read: {error}") from error
