"""What lists are narrowed and sorted by: side tables that a projection keeps beside its own."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias
from unicodedata import normalize

from domain.runs.request import BacktestRequest
from eventstore.events import Event

Kind: TypeAlias = Literal["strategy", "symbol", "tag"]

SUBJECT_COLUMNS = (
    "state TEXT NOT NULL, events INTEGER NOT NULL, first_position INTEGER NOT NULL,"
    " last_position INTEGER NOT NULL, created_at INTEGER NOT NULL, created_by TEXT, name TEXT"
)


class ListRow(NamedTuple):
    """One thing: its id, itself encoded, its state, and how far its stream extends.

    ``name`` is that of its first event, and does not change.
    """

    its_id: str
    document: bytes
    state: str
    events: int
    first_position: int
    last_position: int
    created_at: int
    created_by: str | None
    name: str | None


class ListTables(NamedTuple):
    """The tables of one kind of thing: ``table`` itself, and beside it its labels and metrics.

    A row of ``table`` has an ``ordinal``, its id in ``key``, the folded thing in ``document`` and
    what ``ListRow`` says. ``<table>_labels``: strategy, symbols, tags. ``<table>_metrics``: numbers
    to sort by.
    """

    table: str
    key: str
    document: str

    def create(self, connection: sqlite3.Connection) -> None:
        """Create the tables, empty."""
        table = self.table
        for statement in (
            f"CREATE TABLE {table} (ordinal INTEGER PRIMARY KEY, {self.key} TEXT NOT NULL UNIQUE,"
            f" {self.document} BLOB NOT NULL, {SUBJECT_COLUMNS}) STRICT",
            f"CREATE INDEX {table}_by_state ON {table} (state, ordinal)",
            f"CREATE INDEX {table}_by_last_position ON {table} (last_position)",
            f"CREATE INDEX {table}_by_creation ON {table} (created_at)",
            f"CREATE TABLE {table}_labels (kind TEXT NOT NULL, label TEXT NOT NULL,"
            " ordinal INTEGER NOT NULL, PRIMARY KEY (kind, label, ordinal)) STRICT, WITHOUT ROWID",
            # By ordinal first: all metrics of a run are then written to one page.
            f"CREATE TABLE {table}_metrics (ordinal INTEGER NOT NULL, metric TEXT NOT NULL,"
            " value ANY, PRIMARY KEY (ordinal, metric)) STRICT, WITHOUT ROWID",
        ):
            connection.execute(statement)

    def drop(self, connection: sqlite3.Connection) -> None:
        """Drop the tables, where there are any."""
        for table in (self.table, f"{self.table}_labels", f"{self.table}_metrics"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")

    def write(self, connection: sqlite3.Connection, rows: Iterable[ListRow]) -> None:
        """Write things as they are now, new ones and such as are there."""
        connection.executemany(
            f"INSERT INTO {self.table} ({self.key}, {self.document}, state, events, first_position,"
            " last_position, created_at, created_by, name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT ({self.key}) DO UPDATE SET {self.document} = excluded.{self.document},"
            " state = excluded.state, events = excluded.events,"
            " last_position = excluded.last_position",
            rows,
        )

    def label(
        self, connection: sqlite3.Connection, requests: Iterable[tuple[str, BacktestRequest, str]]
    ) -> None:
        """Write the labels of new things: (id, what is run, the strategy that it is listed by)."""
        connection.executemany(
            f"INSERT OR IGNORE INTO {self.table}_labels SELECT ?, ?, ordinal FROM {self.table}"
            f" WHERE {self.key} = ?",
            [
                (kind, label, its_id)
                for its_id, request, strategy in requests
                for kind, label in _labels(request, strategy)
            ],
        )

    def measure(
        self,
        connection: sqlite3.Connection,
        measured: Iterable[tuple[str, str, float | int | None]],
    ) -> None:
        """Write metrics: (id, name, value). Of one that is there the value changes."""
        connection.executemany(
            f"INSERT OR REPLACE INTO {self.table}_metrics SELECT ordinal, ?2, ?3"
            f" FROM {self.table} WHERE {self.key} = ?1",
            measured,
        )


def searched(name: str | None) -> str | None:
    """A name, or words that are looked for in one, as they are compared.

    Without regard to case, and to whether ``é`` came as one character or as two (Unicode, D145).
    """
    return None if name is None else normalize("NFC", normalize("NFD", name).casefold())


def extended(extent: tuple[int, int, int] | None, event: Event) -> tuple[int, int, int]:
    """How far a stream extends with a further event: events, first and last position of a row."""
    first = event.position if extent is None else extent[1]
    return event.event_id, first, event.position


def _labels(request: BacktestRequest, strategy: str) -> Iterator[tuple[Kind, str]]:
    yield "strategy", strategy
    for symbol in request.symbols:
        yield "symbol", symbol
    for tag, value in (request.tags or {}).items():
        yield "tag", tag
        yield "tag", f"{tag}:{value}"
