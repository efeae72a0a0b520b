"""The stored projection of runs: one row each, always as new as the log."""

import sqlite3
from collections.abc import Sequence

import msgspec

from domain.runs.events import decode
from domain.runs.lifecycle import Run, evolve
from eventstore.events import Event
from eventstore.projection import Projection
from eventstore.store import EventStore
from service.optimizations.projection import OptimizationsProjection

RUN_STREAM = "backtest-"
ACTIVE_STATES = ("queued", "running")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Run).decode


def stream_of(run_id: str) -> str:
    """Name the stream that is the run."""
    return RUN_STREAM + run_id


class RunsProjection:
    """The table ``runs``: ordinal (1, 2, 3 … in log order), run_id, state and the folded run.

    ``first_position`` and ``last_position`` are those of the run's first and last event.
    """

    name = "runs"
    version = 2

    def create(self, connection: sqlite3.Connection) -> None:
        """Create the table, empty."""
        connection.execute(
            "CREATE TABLE runs (ordinal INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE,"
            " state TEXT NOT NULL, run BLOB NOT NULL, first_position INTEGER NOT NULL,"
            " last_position INTEGER NOT NULL) STRICT"
        )
        connection.execute("CREATE INDEX runs_by_state ON runs (state, ordinal)")

    def drop(self, connection: sqlite3.Connection) -> None:
        """Drop the table, where there is one."""
        connection.execute("DROP TABLE IF EXISTS runs")

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Fold the events of runs; other streams are not this table's."""
        touched: dict[str, Run | None] = {}
        positions: dict[str, tuple[int, int]] = {}
        for event in events:
            if not event.stream.startswith(RUN_STREAM):
                continue
            run_id = event.stream.removeprefix(RUN_STREAM)
            if run_id not in touched:
                touched[run_id] = _stored(connection, run_id)
            touched[run_id] = evolve(
                run_id, touched[run_id], decode(event.type, event.payload), event.recorded_at
            )
            first, _ = positions.get(run_id, (event.position, 0))
            positions[run_id] = (first, event.position)
        connection.executemany(
            "INSERT INTO runs (run_id, state, run, first_position, last_position)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (run_id) DO UPDATE SET state = excluded.state,"
            " run = excluded.run, last_position = excluded.last_position",
            [
                (run_id, run.state.value, _encode(run), *positions[run_id])
                for run_id, run in touched.items()
                if run
            ],
        )


def stored_projections() -> list[Projection]:
    """Every projection that the service's log keeps."""
    return [RunsProjection(), OptimizationsProjection()]


def _stored(connection: sqlite3.Connection, run_id: str) -> Run | None:
    row = connection.execute("SELECT run FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return _decode(row[0]) if row else None


async def find_run(store: EventStore, run_id: str) -> Run | None:
    """Read one run, or ``None`` where there is none of that id."""
    rows = await store.query("SELECT run FROM runs WHERE run_id = ?", (run_id,))
    return _decode(rows[0][0]) if rows else None


async def list_runs(
    store: EventStore, *, state: str | None, before: int | None, limit: int
) -> list[tuple[int, Run]]:
    """Read (ordinal, run), newest first, those before ordinal ``before`` where it is given."""
    conditions, parameters = ["ordinal < ?"], [2**63 - 1 if before is None else before]
    if state is not None:
        conditions.append("state = ?")
        parameters.append(state)  # type: ignore[arg-type]  # bound by SQLite, which takes both
    rows = await store.query(
        f"SELECT ordinal, run FROM runs WHERE {' AND '.join(conditions)}"
        " ORDER BY ordinal DESC LIMIT ?",
        (*parameters, limit),
    )
    return [(ordinal, _decode(run)) for ordinal, run in rows]


async def list_until(
    store: EventStore, position: int, *, before: int, limit: int
) -> list[tuple[int, Run, int]]:
    """Read (ordinal, run, position of its last event) of runs begun by a position, newest first."""
    rows = await store.query(
        "SELECT ordinal, run, last_position FROM runs WHERE ordinal < ? AND first_position <= ?"
        " ORDER BY ordinal DESC LIMIT ?",
        (before, position, limit),
    )
    return [(ordinal, _decode(run), last_position) for ordinal, run, last_position in rows]


async def oldest_active(store: EventStore, limit: int) -> list[str]:
    """Read the ids of the queued and running runs, oldest first: the queue is the log."""
    rows = await store.query(
        "SELECT run_id FROM runs WHERE state IN (?, ?) ORDER BY ordinal LIMIT ?",
        (*ACTIVE_STATES, limit),
    )
    return [run_id for (run_id,) in rows]
