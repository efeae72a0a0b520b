"""Stored projections: tables that follow the log inside the append's own transaction."""

import sqlite3
from collections.abc import Sequence
from itertools import starmap
from typing import Protocol

from eventstore.errors import InvalidArgument, OpenFailed, ProjectionFailed
from eventstore.events import Event
from eventstore.statements import LAST_POSITION, LOG_PAGE

TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' "
    r"AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY rowid"
)


class Projection(Protocol):
    """A fold of the log into tables of its own.

    The tables must depend on nothing but the events: not on the clock, not on how the events are
    cut into calls of ``apply``, and on no other table. All that is known is in the tables, nothing
    in this object: a rebuild folds beside the writer, in another thread and another database.
    Events come in log order, each once, without attachments. Transactions belong to the store: use
    ``execute``, never ``commit`` or ``executescript``. No triggers and no virtual tables.
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
        """Bring every projection to the log's head, in the caller's transaction.

        Raises ``OpenFailed`` for a log that is shorter than what was made of it: to go on would
        give new events the places of lost ones.
        """
        (last,) = self._connection.execute(LAST_POSITION).fetchone()
        for projection in self._by_name.values():
            stored = self._connection.execute(
                "SELECT version, position FROM projections WHERE name = ?", (projection.name,)
            ).fetchone()
            if stored is not None and stored[1] > last:
                raise OpenFailed(
                    f"the log ends at position {last}, but projection {projection.name!r} has "
                    f"folded {stored[1]}: events were removed from its end; restore a backup"
                )
            if stored is None or stored[0] != projection.version:
                self._create(projection)
                self._refold(projection, 0)
            elif stored[1] < last:
                self._refold(projection, stored[1])

    def apply(self, events: Sequence[Event]) -> None:
        """Fold events that were just inserted, in the caller's transaction."""
        for projection in self._by_name.values():
            self._apply(projection, events)

    def adopt(self, projection: Projection, folded: sqlite3.Connection, position: int) -> None:
        """Put the tables of the database ``folded`` in the place of the stored ones.

        They were folded up to ``position``; the rest follows, in the caller's transaction.
        """
        self._create(projection, position)
        _move_in(self._connection, folded)
        self._refold(projection, position)

    def _create(self, projection: Projection, position: int = 0) -> None:
        projection.drop(self._connection)
        projection.create(self._connection)
        require_transaction(self._connection, projection)
        self._connection.execute(
            "INSERT OR REPLACE INTO projections VALUES (?, ?, ?)",
            (projection.name, projection.version, position),
        )

    def _refold(self, projection: Projection, position: int) -> None:
        page = LOG_PAGE[False]
        while rows := self._connection.execute(page, (position, self._page_events)).fetchall():
            self._apply(projection, list(starmap(Event, rows)))
            position = rows[-1][0]

    def _apply(self, projection: Projection, events: Sequence[Event]) -> None:
        projection.apply(self._connection, events)
        require_transaction(self._connection, projection)
        self._connection.execute(
            "UPDATE projections SET position = ? WHERE name = ?",
            (events[-1].position, projection.name),
        )


def require_transaction(connection: sqlite3.Connection, projection: Projection) -> None:
    """Raise ``ProjectionFailed`` if the projection ended the transaction it was called in."""
    if not connection.in_transaction:
        raise ProjectionFailed(
            f"projection {projection.name!r} ended the store's transaction; "
            "executescript, commit and rollback do that: use execute"
        )


def _move_in(connection: sqlite3.Connection, folded: sqlite3.Connection) -> None:
    # Not by ATTACH: a table that is missing here would then be looked for, and dropped, there.
    for table in table_names(folded):
        rows = folded.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        columns = ", ".join(quoted(name) for (name,) in rows)
        blanks = ", ".join("?" * len(rows))
        connection.executemany(
            f"INSERT INTO {quoted(table)} ({columns}) VALUES ({blanks})",
            folded.execute(f"SELECT {columns} FROM {quoted(table)}"),
        )


def table_names(connection: sqlite3.Connection) -> list[str]:
    """All tables of a database that holds nothing but a projection, as they were created."""
    return [name for (name,) in connection.execute(TABLES)]


def quoted(name: str) -> str:
    """An identifier as SQL takes it, whatever it is."""
    return '"' + name.replace('"', '""') + '"'
