"""The audit of a log, of all its runs or of one: nothing is written, a service may be running."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

import eventstore.audit
from domain.errors import DomainError
from domain.runs.origin import name_of_maker, origin_of
from eventstore.compare import compare
from eventstore.errors import EventStoreError
from eventstore.findings import Finding
from eventstore.readonly import open_read_only
from eventstore.store import EventStore
from eventstore.tree import TreeRoot
from service.audit.apart import reexecute_apart
from service.audit.checkpoint import HASH_BYTES, Checkpoint, from_hex, require_signature
from service.audit.errors import EvidenceError
from service.audit.report import AuditReport
from service.audit.sweeps import reexecute_either
from service.market_data.catalog import Catalog
from service.optimizations.projection import OPTIMIZATION_STREAM
from service.projections import RUN_STREAM, stored_projections
from service.settings import Settings

RUNS = (
    "SELECT stream FROM events WHERE event_id = 1 AND (stream GLOB ? OR stream GLOB ?)"
    " ORDER BY position"
)

FIRST_PAYLOAD = "SELECT payload FROM events WHERE stream = ? AND event_id = 1"

Progress = Callable[[int, int], None]


def check_stored(log: Path, stream: str | None, checkpoint: Checkpoint | None) -> AuditReport:
    """Check what is stored: the log's own bytes, and the projections against a fresh fold.

    With ``stream`` only that stream's hashes are recomputed, unless there is a ``checkpoint``,
    which is about the whole log. Raises ``OpenFailed`` where there is no log to read.
    """
    findings = []
    roots = []
    if checkpoint is not None:
        try:
            roots = [_trusted_root(checkpoint)]
        except EvidenceError as error:
            findings.append(Finding(check="checkpoint", reason=str(error)))
    found = eventstore.audit.check_log(log, stream=None if roots else stream, checkpoints=roots)
    findings += found.findings
    if roots and stream is not None:
        own = eventstore.audit.check_log(log, stream=stream).findings
        findings += [finding for finding in own if finding not in findings]
    findings += _projection_findings(log)
    return AuditReport(
        log_id=found.log_id,
        size=found.size,
        events=found.events,
        root=None if found.root is None else found.root.hex(),
        findings=findings,
        notes=[*_notes(found.log_id, checkpoint), *_origin(log, stream)],
    )


async def simulate_again(
    store: EventStore,
    settings: Settings,
    stream: str | None,
    report: AuditReport,
    progress: Progress,
) -> None:
    """Re-execute one run, or all of the log; add what comes of it to ``report``.

    Users' own code runs in processes of its own, within the limits of ``settings``.
    ``progress`` is told how many runs of how many are done.
    """
    try:
        streams = [stream] if stream is not None else await _run_streams(store)
        await _simulate_all(store, settings, streams, report, progress)
    except EventStoreError as error:
        report.findings.append(Finding(check="file", reason=str(error)))


async def _simulate_all(
    store: EventStore,
    settings: Settings,
    streams: list[str],
    report: AuditReport,
    progress: Progress,
) -> None:
    catalog = Catalog(settings.market_path)
    for done, each in enumerate(streams, 1):
        if await _runs_own_code(store, each):
            outcome = await reexecute_apart(store, each, settings)
        else:
            outcome = await reexecute_either(store, each, catalog)
        report.runs += 1
        report.compared += outcome.compared
        report.findings += outcome.findings
        report.notes += outcome.notes
        progress(done, len(streams))


async def _runs_own_code(store: EventStore, stream: str) -> bool:
    # What is attached to the first event is the source of a user's own strategy.
    return any(first.attachment is not None for first in await store.read(stream, limit=1))


async def _run_streams(store: EventStore) -> list[str]:
    # From the events: the table of runs is itself under suspicion.
    families = RUN_STREAM + "*", OPTIMIZATION_STREAM + "*"
    return [stream for (stream,) in await store.query(RUNS, families)]


def _trusted_root(checkpoint: Checkpoint) -> TreeRoot:
    require_signature(checkpoint)
    return TreeRoot(checkpoint.size, from_hex("the checkpoint's root", checkpoint.root, HASH_BYTES))


def _projection_findings(log: Path) -> list[Finding]:
    findings = []
    for projection in stored_projections():
        try:
            difference = compare(projection, log)
        except (EventStoreError, DomainError) as error:
            findings.append(Finding(check="projection", reason=str(error)))
        else:
            if difference is not None:
                findings.append(Finding(check="projection", reason=str(difference)))
    return findings


def _origin(log: Path, stream: str | None) -> list[str]:
    """Say who made what is audited, if that is one stream."""
    try:
        with closing(open_read_only(log)) as connection:
            rows = connection.execute(FIRST_PAYLOAD, (stream,)).fetchall()
        makers = [name_of_maker(origin_of(payload)) for (payload,) in rows]
    except (sqlite3.Error, msgspec.MsgspecError, UnicodeDecodeError):
        return []  # what is wrong with the event is a finding
    return [f"{stream} was made with the API key {maker}" for maker in makers if maker is not None]


def _notes(log_id: str | None, checkpoint: Checkpoint | None) -> list[str]:
    if checkpoint is None or checkpoint.log_id == log_id:
        return []
    return [f"the log was restored since the checkpoint: its id was {checkpoint.log_id}"]
