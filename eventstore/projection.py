"""Stored projections: tables that follow the log inside the append's own transaction."""

import sqlite3
from collections.abc import Sequence
from itertools import starmap
from typing import Protocol

from eventstore.errors import InvalidArgument, ProjectionFailed
from eventstore.events import Event
from eventstore.statements import LAST_POSITION, LOG_PAGE


class Projection(Protocol):
    """A fold of the log into tables of its own. All calls come from the writer's thread.

    The tables must depend on nothing but the events: not on the clock, and not on how the events
    are cut into calls of ``apply``. Events come in log order, each once, without attachments.
    Transactions belong to the store: use ``execute``, never ``commit`` or ``executescript``.
    """

    @property
    def name(self) -> str:
        """What the checkpoint is stored under; unique among the store's projections."""

    @property
    def version(self) -> int:
        """Raise it whenever the tables or the fold change: the next opening rebuilds."""

    def create(self, connection: sqlite3.Connection) -> None:
        """Create the tables, empty."""

    def drop(self, connection: sqlite3.Connection) -> None:
        """Drop the tables of this and of every earlier version, where they exist."""

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Fold a non-empty run of events. What it raises fails the append that it came from."""


class Projections:
    """The projections of one open log, on the writer's connection."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        projections: Sequence[Projection],
        page_events: int,
    ) -> None:
        self._connection = connection
        self._page_events = page_events
        self._by_name = {projection.name: projection for projection in projections}
        if len(self._by_name) < len(projections):
            raise InvalidArgument("two projections have the same name")

    def __len__(self) -> int:
        return len(self._by_name)

    def prepare(self) -> None:
        """Bring every projection to the log's head, in the caller's transaction."""
        (last,) = self._connection.execute(LAST_POSITION).fetchone()
        for projection in self._by_name.values():
            stored = self._connection.execute(
                "SELECT version, position FROM projections WHERE name = ?", (projection.name,)
            ).fetchone()
            if stored is None or stored[0] != projection.version or stored[1] > last:
                self._rebuild(projection)
            elif stored[1] < last:
                self._refold(projection, stored[1])

    def apply(self, events: Sequence[Event]) -> None:
        """Fold events that were just inserted, in the caller's transaction."""
        for projection in self._by_name.values():
            self._apply(projection, events)

    def rebuild(self, name: str) -> None:
        """Drop, create and refold one projection, in the caller's transaction."""
        if name not in self._by_name:
            known = ", ".join(sorted(self._by_name)) or "none"
            raise ProjectionFailed(f"there is no projection {name!r}; this store has: {known}")
        self._rebuild(self._by_name[name])

    def _rebuild(self, projection: Projection) -> None:
        projection.drop(self._connection)
        projection.create(self._connection)
        self._require_transaction(projection)
        self._connection.execute(
            "INSERT OR REPLACE INTO projections VALUES (?, ?, 0)",
            (projection.name, projection.version),
        )
        self._refold(projection, 0)

    def _refold(self, projection: Projection, position: int) -> None:
        page = LOG_PAGE[False]
        while rows := self._connection.execute(page, (position, self._page_events)).fetchall():
            self._apply(projection, list(starmap(Event, rows)))
            position = rows[-1][0]

    def _apply(self, projection: Projection, events: Sequence[Event]) -> None:
        projection.apply(self._connection, events)
        self._require_transaction(projection)
        self._connection.execute(
            "UPDATE projections SET position = ? WHERE name = ?",
            (events[-1].position, projection.name),
        )

    def _require_transaction(self, projection: Projection) -> None:
        if not self._connection.in_transaction:
            raise ProjectionFailed(
                f"projection {projection.name!r} ended the store's transaction; "
                "executescript, commit and rollback do that: use execute"
            )
