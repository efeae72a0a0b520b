"""The stored projection of optimizations: a row each, and where their ended trials stand."""

import sqlite3
from collections.abc import Sequence

import msgspec

from domain.optimizations.events import TrialCompleted, TrialFailed, decode
from domain.optimizations.lifecycle import Optimization, evolve
from domain.optimizations.ranking import rank_key
from eventstore.events import Event

OPTIMIZATION_STREAM = "optimization-"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Optimization).decode


def stream_of(optimization_id: str) -> str:
    """Name the stream that is the optimization."""
    return OPTIMIZATION_STREAM + optimization_id


class OptimizationsProjection:
    """The table ``optimizations``: ordinal (1, 2, 3 … in log order), id, state, the folded sweep.

    And ``trials``: of each trial that has ended what it is ranked by (``standing``, ``merit``,
    ``number``: see ``rank_key``) and the position of its last event, which holds the rest.
    """

    name = "optimizations"
    version = 1

    def create(self, connection: sqlite3.Connection) -> None:
        """Create the tables, empty."""
        connection.execute(
            "CREATE TABLE optimizations (ordinal INTEGER PRIMARY KEY,"
            " optimization_id TEXT NOT NULL UNIQUE, state TEXT NOT NULL,"
            " optimization BLOB NOT NULL) STRICT"
        )
        connection.execute("CREATE INDEX optimizations_by_state ON optimizations (state, ordinal)")
        connection.execute(
            "CREATE TABLE trials (optimization_id TEXT NOT NULL, standing INTEGER NOT NULL,"
            " merit REAL NOT NULL, number INTEGER NOT NULL, position INTEGER NOT NULL,"
            " PRIMARY KEY (optimization_id, standing, merit, number)) STRICT, WITHOUT ROWID"
        )

    def drop(self, connection: sqlite3.Connection) -> None:
        """Drop the tables, where there are any."""
        connection.execute("DROP TABLE IF EXISTS optimizations")
        connection.execute("DROP TABLE IF EXISTS trials")

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Fold the events of optimizations; other streams are not these tables'."""
        touched: dict[str, Optimization | None] = {}
        trials: list[tuple[str, int, float, int, int]] = []
        for event in events:
            if not event.stream.startswith(OPTIMIZATION_STREAM):
                continue
            its_id = event.stream.removeprefix(OPTIMIZATION_STREAM)
            if its_id not in touched:
                touched[its_id] = _stored(connection, its_id)
            decoded = decode(event.type, event.payload)
            sweep = touched[its_id] = evolve(its_id, touched[its_id], decoded, event.recorded_at)
            if isinstance(decoded, TrialCompleted | TrialFailed):
                failed = isinstance(decoded, TrialFailed)
                key = rank_key(decoded.value, decoded.number, sweep.direction, failed=failed)
                trials.append((its_id, *key, event.position))
        connection.executemany(
            "INSERT INTO optimizations (optimization_id, state, optimization) VALUES (?, ?, ?)"
            " ON CONFLICT (optimization_id) DO UPDATE SET state = excluded.state,"
            " optimization = excluded.optimization",
            [(its_id, each.state.value, _encode(each)) for its_id, each in touched.items() if each],
        )
        connection.executemany("INSERT INTO trials VALUES (?, ?, ?, ?, ?)", trials)


def _stored(connection: sqlite3.Connection, optimization_id: str) -> Optimization | None:
    row = connection.execute(
        "SELECT optimization FROM optimizations WHERE optimization_id = ?", (optimization_id,)
    ).fetchone()
    return _decode(row[0]) if row else None
