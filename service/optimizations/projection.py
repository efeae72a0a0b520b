"""The stored projection of optimizations: a row each, and where their ended trials stand."""

import sqlite3
from collections.abc import Sequence

import msgspec

from domain.optimizations.events import Pending, TrialCompleted, TrialFailed, decode
from domain.optimizations.lifecycle import Optimization, evolve
from domain.optimizations.ranking import rank_key
from domain.optimizations.request import OptimizationRequest
from eventstore.events import Event
from service.lists.tables import ListRow, ListTables, extended, searched

OPTIMIZATION_STREAM = "optimization-"
BEST_VALUE = "best_value"
TABLES = ListTables(table="optimizations", key="optimization_id", document="optimization")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Optimization).decode


def stream_of(optimization_id: str) -> str:
    """Name the stream that is the optimization."""
    return OPTIMIZATION_STREAM + optimization_id


class OptimizationsProjection:
    """The table ``optimizations``, in log order, with what lists of them need: see ``ListTables``.

    And ``trials``: of each trial that has ended what it is ranked by (``standing``, ``merit``,
    ``number``: see ``rank_key``) and the position of its last event, which holds the rest.
    """

    name = "optimizations"
    version = 2

    def create(self, connection: sqlite3.Connection) -> None:
        """Create the tables, empty."""
        TABLES.create(connection)
        connection.execute(
            "CREATE TABLE trials (optimization_id TEXT NOT NULL, standing INTEGER NOT NULL,"
            " merit REAL NOT NULL, number INTEGER NOT NULL, position INTEGER NOT NULL,"
            " PRIMARY KEY (optimization_id, standing, merit, number)) STRICT, WITHOUT ROWID"
        )

    def drop(self, connection: sqlite3.Connection) -> None:
        """Drop the tables, where there are any."""
        TABLES.drop(connection)
        connection.execute("DROP TABLE IF EXISTS trials")

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Fold the events of optimizations; other streams are not these tables'."""
        touched: dict[str, Optimization | None] = {}
        extents: dict[str, tuple[int, int, int]] = {}
        requests: dict[str, OptimizationRequest] = {}
        trials: list[tuple[str, int, float, int, int]] = []
        for event in events:
            if not event.stream.startswith(OPTIMIZATION_STREAM):
                continue
            its_id = event.stream.removeprefix(OPTIMIZATION_STREAM)
            if its_id not in touched:
                touched[its_id] = _stored(connection, its_id)
            decoded = decode(event.type, event.payload)
            sweep = touched[its_id] = evolve(its_id, touched[its_id], decoded, event.recorded_at)
            extents[its_id] = extended(extents.get(its_id), event)
            if isinstance(decoded, Pending):
                requests[its_id] = decoded.request
            elif isinstance(decoded, TrialCompleted | TrialFailed):
                failed = isinstance(decoded, TrialFailed)
                key = rank_key(decoded.value, decoded.number, sweep.direction, failed=failed)
                trials.append((its_id, *key, event.position))
        sweeps = [sweep for sweep in touched.values() if sweep]
        TABLES.write(connection, [_row(each, extents[each.optimization_id]) for each in sweeps])
        TABLES.label(
            connection,
            [(its_id, each.base_backtest, each.strategy) for its_id, each in requests.items()],
        )
        TABLES.measure(
            connection,
            [
                (sweep.optimization_id, BEST_VALUE, best_value(sweep))
                for sweep in sweeps
                if sweep.best_trial
            ],
        )
        connection.executemany("INSERT INTO trials VALUES (?, ?, ?, ?, ?)", trials)


def best_value(sweep: Optimization) -> float | None:
    """The objective of the best trial so far."""
    return None if sweep.best_trial is None else sweep.best_trial.value


def _row(sweep: Optimization, extent: tuple[int, int, int]) -> ListRow:
    its_id, state, name = sweep.optimization_id, sweep.state.value, searched(sweep.name)
    return ListRow(its_id, _encode(sweep), state, *extent, sweep.created_at, sweep.created_by, name)


def _stored(connection: sqlite3.Connection, optimization_id: str) -> Optimization | None:
    row = connection.execute(
        "SELECT optimization FROM optimizations WHERE optimization_id = ?", (optimization_id,)
    ).fetchone()
    return _decode(row[0]) if row else None
