"""What waits for its turn: runs that are queued, optimizations that are pending; and how many may.

The table is as long as the queue, not as the log: to count costs little, however much has been run.
"""

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
from msgspec import UNSET, UnsetType

from domain.runs.origin import Origin, name_of_maker
from eventstore.events import Event
from eventstore.store import EventStore

WAITING_STATES = frozenset({"queued", "pending"})


class QueueFull(Exception):
    """So much waits that nothing more is accepted."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} runs and optimizations wait already; try again later")


class QueueOfKeyFull(Exception):
    """So much of one API key waits that nothing more of it is accepted."""

    def __init__(self, key: str, most: int) -> None:
        super().__init__(
            f"{most} runs and optimizations of the API key {key!r} wait already; try again when "
            "some of them have begun, or cancel some"
        )


class WaitingProjection:
    """The table ``waiting``: stream, and the name of the API key it was made with, if any."""

    name = "waiting"
    version = 1

    def create(self, connection: sqlite3.Connection) -> None:
        """Create the table, empty."""
        connection.execute(
            "CREATE TABLE waiting (stream TEXT PRIMARY KEY, key TEXT) STRICT, WITHOUT ROWID"
        )

    def drop(self, connection: sqlite3.Connection) -> None:
        """Drop the table, where there is one."""
        connection.execute("DROP TABLE IF EXISTS waiting")

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Fold what begins to wait, and what has waited."""
        for event in events:
            if event.type != "state":
                continue
            decoded = _decode(event.payload)
            if decoded.state in WAITING_STATES:
                row = (event.stream, name_of_maker(decoded.origin))
                connection.execute("INSERT OR REPLACE INTO waiting VALUES (?, ?)", row)
            else:
                connection.execute("DELETE FROM waiting WHERE stream = ?", (event.stream,))


class Queue:
    """Who may have something wait: so many in all, and so many of one API key."""

    def __init__(self, store: EventStore, most: int, most_of_key: int) -> None:
        self._store = store
        self._most = most
        self._most_of_key = most_of_key
        self._coming: Counter[str | None] = Counter()

    @asynccontextmanager
    async def place(self, key: str | None) -> AsyncIterator[None]:
        """Keep a place for what is appended within; ``key`` is the name of its API key, if any.

        Never do more wait than may, however many come at once. Raises ``QueueFull`` and
        ``QueueOfKeyFull``.
        """
        self._coming[key] += 1
        try:
            await self._require_place(key)
            yield
        finally:
            self._coming[key] -= 1
            if not self._coming[key]:
                del self._coming[key]

    async def _require_place(self, key: str | None) -> None:
        # Counted before the query: what is appended meanwhile counts twice rather than not at all.
        coming, coming_of_key = self._coming.total(), self._coming[key]
        ((waiting, waiting_of_key),) = await self._store.query(
            "SELECT count(*), count(*) FILTER (WHERE key = ?) FROM waiting", (key,)
        )
        if key is not None and waiting_of_key + coming_of_key > self._most_of_key:
            raise QueueOfKeyFull(key, self._most_of_key)
        if waiting + coming > self._most:
            raise QueueFull(self._most)


class _State(msgspec.Struct, frozen=True, gc=False):
    state: str
    origin: Origin | UnsetType = UNSET


_decode = msgspec.json.Decoder(_State).decode
