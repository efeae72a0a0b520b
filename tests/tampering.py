"""A log in the hands of somebody who can write its file and knows SQLite."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from eventstore.chain import GENESIS, event_hash

TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
SHIFTED = 10_000_000


@contextmanager
def tampered(log: Path) -> Iterator[sqlite3.Connection]:
    """A connection on which every statement is allowed; the triggers are back afterwards."""
    with closing(sqlite3.connect(log, isolation_level=None)) as connection:
        triggers = connection.execute(TRIGGERS).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)


def close_gaps(connection: sqlite3.Connection) -> None:
    """Number positions, and event ids within their streams, 1, 2, 3 … in the order they have."""
    rows = connection.execute("SELECT position, stream FROM events ORDER BY position").fetchall()
    connection.execute(
        "UPDATE events SET position = position + ?, event_id = event_id + ?", (SHIFTED, SHIFTED)
    )
    counts: dict[str, int] = {}
    for position, (old, stream) in enumerate(rows, 1):
        counts[stream] = counts.get(stream, 0) + 1
        connection.execute(
            "UPDATE events SET position = ?, event_id = ? WHERE position = ?",
            (position, counts[stream], old + SHIFTED),
        )


def recompute_hashes(connection: sqlite3.Connection) -> None:
    """Make every chain whole again, as only somebody who knows our code can."""
    heads: dict[str, bytes] = {}
    rows = connection.execute(
        "SELECT position, stream, event_id, type, recorded_at, payload, attachment"
        " FROM events ORDER BY position"
    ).fetchall()
    for position, stream, *rest in rows:
        heads[stream] = event_hash(heads.get(stream, GENESIS), position, stream, *rest)
        connection.execute(
            "UPDATE events SET hash = ? WHERE position = ?", (heads[stream], position)
        )
