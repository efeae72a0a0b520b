"""What somebody who can write a log's file may do to it, and the first event that is then wrong."""

from eventstore.events import NewEvent
from eventstore.store import EventStore


async def begin(store: EventStore) -> None:
    """Append what all of ``CHANGES`` can be made to: a1 a2 a3, b1 b2, a4 at positions 1 to 6."""
    await store.append(
        "a", [NewEvent("x", b"1"), NewEvent("x", b"2", b"tape"), NewEvent("x", b"3", b"")], 0
    )
    await store.append("b", [NewEvent("x", b"4"), NewEvent("x", b"5")], 0)
    await store.append("a", [NewEvent("x", b"6")], 3)


CHANGES = [
    ("UPDATE events SET payload = x'00' WHERE position = 2", 2),
    ("UPDATE events SET type = 'y' WHERE position = 5", 5),
    ("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 1", 1),
    ("UPDATE events SET attachment = x'00' WHERE position = 2", 2),
    ("UPDATE events SET attachment = NULL WHERE position = 3", 3),
    ("UPDATE events SET attachment = x'' WHERE position = 1", 1),
    ("DELETE FROM events WHERE position = 4", 5),
    ("DELETE FROM events WHERE position <= 3", 4),
    (
        "CREATE TEMP TABLE t AS SELECT * FROM events WHERE position IN (1, 2); "
        "UPDATE events SET payload = "
        "(SELECT payload FROM t WHERE position = 3 - events.position) WHERE position < 3",
        1,
    ),
    (
        "UPDATE events SET event_id = 99 WHERE position = 2; "
        "UPDATE events SET event_id = 2 WHERE position = 3; "
        "UPDATE events SET event_id = 3 WHERE position = 2",
        2,
    ),
    (
        "UPDATE events SET position = 99 WHERE position = 4; "
        "UPDATE events SET position = 4 WHERE position = 6; "
        "UPDATE events SET position = 6 WHERE position = 99",
        4,
    ),
]
