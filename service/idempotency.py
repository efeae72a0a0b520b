"""Requests that may come again: what each idempotency key stands for, as the log has it."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from domain.runs.origin import Idempotency, origin_of
from eventstore.events import Event
from eventstore.store import EventStore


class KeyInFlight(Exception):
    """The first request with this key is not through yet."""

    def __init__(self) -> None:
        super().__init__(
            "Idempotency-Key: the first request with this key is still under way; send it again in "
            "a moment"
        )


class KeyReused(Exception):
    """The key stands for another request, which has made ``stream``."""

    def __init__(self, stream: str) -> None:
        kind, _, its_id = stream.partition("-")
        super().__init__(
            f"Idempotency-Key: this key came with another request, which made {kind} {its_id}; "
            "send a new key with a new request, or the first request unchanged"
        )


class Made(NamedTuple):
    """The stream that a request has made; ``replayed``: not now, but when it came first."""

    stream: str
    replayed: bool


class IdempotencyProjection:
    """The table ``idempotency``: for each key the request that it stands for, and what that made.

    ``key`` and ``request`` are the digests of ``Idempotency``.
    """

    name = "idempotency"
    version = 1

    def create(self, connection: sqlite3.Connection) -> None:
        """Create the table, empty."""
        connection.execute(
            "CREATE TABLE idempotency (key TEXT PRIMARY KEY, request TEXT NOT NULL,"
            " stream TEXT NOT NULL) STRICT, WITHOUT ROWID"
        )

    def drop(self, connection: sqlite3.Connection) -> None:
        """Drop the table, where there is one."""
        connection.execute("DROP TABLE IF EXISTS idempotency")

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Fold the first events of streams; a key stands for what came with it first."""
        made = [
            (idempotency.key, idempotency.request, event.stream)
            for event in events
            if event.event_id == 1 and (idempotency := _idempotency_of(event)) is not UNSET
        ]
        connection.executemany(
            "INSERT INTO idempotency VALUES (?, ?, ?) ON CONFLICT DO NOTHING", made
        )


class IdempotencyKeys:
    """Has each request made once, however often, and by however many at once, it is posted.

    Two of a kind cannot both make something: only one process writes a log, and within it the
    second is refused while the first is under way.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._in_flight: set[str] = set()

    async def make_once(
        self, idempotency: Idempotency | UnsetType, make: Callable[[], Awaitable[str]]
    ) -> Made:
        """Make what is asked for, unless the same request has made it; ``make`` gives its stream.

        Without a key every request is a new one. Where ``make`` raises, nothing is made and the
        key is as good as new. Raises ``KeyInFlight`` and ``KeyReused``.
        """
        if idempotency is UNSET:
            return Made(await make(), replayed=False)
        if idempotency.key in self._in_flight:
            if stream := await self._find(idempotency):
                return Made(stream, replayed=True)
            raise KeyInFlight
        self._in_flight.add(idempotency.key)  # before the look-up: nobody makes it after that
        try:
            if stream := await self._find(idempotency):
                return Made(stream, replayed=True)
            return Made(await make(), replayed=False)
        finally:
            self._in_flight.discard(idempotency.key)

    async def _find(self, idempotency: Idempotency) -> str | None:
        rows = await self._store.query(
            "SELECT request, stream FROM idempotency WHERE key = ?", (idempotency.key,)
        )
        if not rows:
            return None
        ((request, stream),) = rows
        if request != idempotency.request:
            raise KeyReused(stream)
        return str(stream)


def _idempotency_of(event: Event) -> Idempotency | UnsetType:
    origin = origin_of(event.payload)
    return UNSET if origin is UNSET else origin.idempotency
