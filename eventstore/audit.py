"""The audit of a log from its stored bytes, for the owner or for a stranger to our code.

It trusts nothing that is derived: no cached subtree, no projection, no index without SQLite's check
of it. docs/event-log.md says what is found, and what only a checkpoint can show.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from eventstore.audit_chain import ChainCheck
from eventstore.audit_roots import RootCheck
from eventstore.audit_schema import check_schema_objects
from eventstore.errors import InvalidArgument
from eventstore.findings import Finding, Report
from eventstore.migrations import LOG_ID
from eventstore.readonly import open_read_only
from eventstore.statements import LAST_POSITION
from eventstore.tree import TreeRoot

FILE_FINDINGS_MAX = 10
LOG_ID_FORM = re.compile("[0-9a-f]{32}")


def check_log(
    path: str | Path, *, stream: str | None = None, checkpoints: Sequence[TreeRoot] = ()
) -> Report:
    """Audit the log at ``path`` as it is at this moment; another process may be writing it.

    The whole log: SQLite's integrity check, the schema, every position, event id and hash, the
    projections' checkpoints, and for each of ``checkpoints`` (roots that somebody trusted kept)
    that the log begins with exactly those events. With ``stream``, the schema, that stream's chain,
    and that the log's positions have no gap; ``checkpoints`` need the whole log.

    Synchronous, a connection of its own, flat memory. It reads one snapshot: SQLite cannot shorten
    the WAL meanwhile. Raises ``InvalidArgument``, and ``OpenFailed`` and its kin for what cannot
    be opened as a log at all.
    """
    if stream is not None and checkpoints:
        raise InvalidArgument("a checkpoint is about the whole log, not about one stream")
    with closing(open_read_only(Path(path))) as connection:
        connection.execute("BEGIN")
        if stream is None:
            return _whole(connection, sorted(checkpoints))
        return _one(connection, stream)


def _whole(connection: sqlite3.Connection, checkpoints: Sequence[TreeRoot]) -> Report:
    log_id, size = _value(connection, LOG_ID), _value(connection, LAST_POSITION) or 0
    findings = [
        *_guarded(_check_file(connection)),
        *_guarded(check_schema_objects(connection)),
        *_guarded(_check_identity(connection)),
        *_guarded(_check_projections(connection, size)),
    ]
    chain, tree = ChainCheck(connection), RootCheck(checkpoints)
    for hashes in chain.pages():
        tree.extend(hashes)
    if chain.finding is not None:
        findings.append(chain.finding)
    findings += tree.findings(complete=chain.finding is None)
    root = tree.root() if chain.finding is None else None
    return Report(log_id=log_id, size=size, events=chain.events, root=root, findings=findings)


def _one(connection: sqlite3.Connection, stream: str) -> Report:
    log_id, size = _value(connection, LOG_ID), _value(connection, LAST_POSITION) or 0
    findings = [
        *_guarded(check_schema_objects(connection)),
        *_guarded(_check_identity(connection)),
        *_guarded(_check_positions(connection, size)),
    ]
    chain = ChainCheck(connection)
    for _ in chain.pages(stream):
        pass
    if chain.finding is not None:
        findings.append(chain.finding)
    elif chain.events == 0:
        findings.append(Finding(check="event", reason=f"the log has no stream {stream!r}"))
    return Report(log_id=log_id, size=size, events=chain.events, root=None, findings=findings)


def _check_file(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (line,) in connection.execute(f"PRAGMA integrity_check({FILE_FINDINGS_MAX})"):
        if line != "ok":
            yield Finding(check="file", reason=line)


def _check_identity(connection: sqlite3.Connection) -> Iterator[Finding]:
    try:
        ids = [log_id for (log_id,) in connection.execute(LOG_ID)]
    except sqlite3.OperationalError:
        return  # without its table: that is found where the schema is checked
    if len(ids) != 1 or not LOG_ID_FORM.fullmatch(str(ids[0])):
        yield Finding(
            check="schema", reason=f"log_identity holds {ids}, not one id of 32 hexadecimal digits"
        )


def _check_positions(connection: sqlite3.Connection, size: int) -> Iterator[Finding]:
    events = _value(connection, "SELECT count(*) FROM events")
    if events != size:
        yield Finding(
            check="event",
            reason=f"the log holds {events} events, but its last position is {size}: "
            "audit the whole log to see where",
        )


def _check_projections(connection: sqlite3.Connection, size: int) -> Iterator[Finding]:
    beyond = "SELECT name, position FROM projections WHERE position > ? ORDER BY name"
    for name, position in connection.execute(beyond, (size,)):
        yield Finding(
            check="projection",
            reason=f"projection {name!r} has folded position {position}, the log ends at {size}",
        )


def _guarded(findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except sqlite3.Error as error:
        yield Finding(check="file", reason=f"the file cannot be read: {error}")


def _value(connection: sqlite3.Connection, sql: str) -> Any:
    try:
        row = connection.execute(sql).fetchone()
    except sqlite3.Error:  # what is wrong with the table is found where the schema is checked
        return None
    return None if row is None else row[0]
