"""The schema itself refuses every change, whoever connects and however."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.events import NewEvent
from eventstore.store import EventStore

ROW = "(position, stream, event_id, type, recorded_at, payload, hash)"


@pytest.fixture
async def written(log: Path) -> Path:
    async with await EventStore.open(log) as store:
        await store.append("a", [NewEvent("state", b"1"), NewEvent("state", b"2")], 0)
        await store.append("b", [NewEvent("state", b"3")], 0)
    return log


@pytest.fixture(params=["recursive triggers on", "recursive triggers off"])
def raw(written: Path, request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA recursive_triggers = {request.param.rsplit(' ')[-1]}")
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET payload = x'00' WHERE position = 2",
        "UPDATE events SET position = position + 10",
        "UPDATE OR REPLACE events SET event_id = 1 WHERE position = 2",
        "DELETE FROM events WHERE position = 3",
        "DELETE FROM events",
        f"INSERT OR REPLACE INTO events {ROW} VALUES (2, 'a', 2, 'x', 0, x'00', zeroblob(32))",
        f"INSERT OR REPLACE INTO events {ROW} VALUES (4, 'a', 2, 'x', 0, x'00', zeroblob(32))",
        f"REPLACE INTO events {ROW} VALUES (2, 'z', 1, 'x', 0, x'00', zeroblob(32))",
        f"INSERT INTO events {ROW} VALUES (2, 'a', 2, 'x', 0, x'00', zeroblob(32)) "
        "ON CONFLICT DO UPDATE SET payload = excluded.payload",
    ],
)
async def test_a_stored_event_cannot_be_changed_or_removed(
    raw: sqlite3.Connection, statement: str
) -> None:
    before = raw.execute("SELECT * FROM events").fetchall()

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(statement)

    assert raw.execute("SELECT * FROM events").fetchall() == before


@pytest.mark.parametrize(
    ("position", "stream", "event_id"),
    [
        (5, "a", 3),
        (4, "a", 4),
        (4, "a", 2),
        (4, "new", 2),
        (3, "a", 3),
        (0, "a", 3),
        (None, "a", 9),
    ],
)
async def test_an_event_cannot_be_put_anywhere_but_next(
    raw: sqlite3.Connection, position: int | None, stream: str, event_id: int
) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(
            f"INSERT INTO events {ROW} VALUES (?, ?, ?, 'x', 0, x'00', zeroblob(32))",
            (position, stream, event_id),
        )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("type", ""),
        ("type", None),
        ("recorded_at", "yesterday"),
        ("payload", "text"),
        ("payload", None),
        ("hash", b"short"),
        ("attachment", "text"),
    ],
)
async def test_a_malformed_event_is_refused(
    raw: sqlite3.Connection, column: str, value: object
) -> None:
    row: dict[str, object] = {
        "position": 4,
        "stream": "a",
        "event_id": 3,
        "type": "x",
        "recorded_at": 0,
        "payload": b"{}",
        "hash": bytes(32),
        "attachment": None,
    }
    statement = f"INSERT INTO events ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"

    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement, tuple((row | {column: value}).values()))
    assert raw.execute(statement, tuple(row.values())).rowcount == 1
