"""The stored projection of runs: one row each, always as new as the log."""

import json
import sqlite3
from collections.abc import Sequence

import msgspec

from domain.optimizations.objective import BENCHMARK_METRICS, METRICS
from domain.runs.events import Measured, Queued, decode
from domain.runs.lifecycle import Run, evolve
from domain.runs.request import BacktestRequest
from eventstore.events import Event
from eventstore.projection import Projection
from eventstore.store import EventStore
from service.idempotency import IdempotencyProjection
from service.lists.tables import ListRow, ListTables, extended, searched
from service.optimizations.projection import OptimizationsProjection
from service.waiting import WaitingProjection

RUN_STREAM = "backtest-"
ACTIVE_STATES = ("queued", "running")
TABLES = ListTables(table="runs", key="run_id", document="run")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Run).decode


def stream_of(run_id: str) -> str:
    """Name the stream that is the run."""
    return RUN_STREAM + run_id


class RunsProjection:
    """The table ``runs``, in log order, with what lists of them need: see ``ListTables``."""

    name = "runs"
    version = 3

    def create(self, connection: sqlite3.Connection) -> None:
        """Create the tables, empty."""
        TABLES.create(connection)

    def drop(self, connection: sqlite3.Connection) -> None:
        """Drop the tables, where there are any."""
        TABLES.drop(connection)

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Fold the events of runs; other streams are not these tables'."""
        touched: dict[str, Run | None] = {}
        extents: dict[str, tuple[int, int, int]] = {}
        requests: dict[str, BacktestRequest] = {}
        measured: list[tuple[str, str, float | int | None]] = []
        for event in events:
            if not event.stream.startswith(RUN_STREAM):
                continue
            run_id = event.stream.removeprefix(RUN_STREAM)
            if run_id not in touched:
                touched[run_id] = _stored(connection, run_id)
            decoded = decode(event.type, event.payload)
            touched[run_id] = evolve(run_id, touched[run_id], decoded, event.recorded_at)
            extents[run_id] = extended(extents.get(run_id), event)
            if isinstance(decoded, Queued):
                requests[run_id] = decoded.request
            elif isinstance(decoded, Measured):
                measured.append((run_id, decoded.name, decoded.value))
        TABLES.write(
            connection,
            [
                _row(run, extents[run_id], requests.get(run_id))
                for run_id, run in touched.items()
                if run
            ],
        )
        TABLES.label(
            connection, [(run_id, each, each.strategy.name) for run_id, each in requests.items()]
        )
        TABLES.measure(connection, measured)


def stored_projections() -> list[Projection]:
    """Every projection that the service's log keeps."""
    return [
        RunsProjection(),
        OptimizationsProjection(),
        IdempotencyProjection(),
        WaitingProjection(),
    ]


def _row(run: Run, extent: tuple[int, int, int], request: BacktestRequest | None) -> ListRow:
    name = None if request is None else searched(request.name)
    state = run.state.value
    return ListRow(run.run_id, _encode(run), state, *extent, run.created_at, run.created_by, name)


def _stored(connection: sqlite3.Connection, run_id: str) -> Run | None:
    row = connection.execute("SELECT run FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return _decode(row[0]) if row else None


async def find_run(store: EventStore, run_id: str) -> Run | None:
    """Read one run, or ``None`` where there is none of that id."""
    located = await locate_run(store, run_id)
    return None if located is None else located[0]


async def locate_run(store: EventStore, run_id: str) -> tuple[Run, int, int] | None:
    """Read one run, the log position of its last event, and how many it has."""
    rows = await store.query(
        "SELECT run, last_position, events FROM runs WHERE run_id = ?", (run_id,)
    )
    return (_decode(rows[0][0]), *rows[0][1:]) if rows else None


async def metrics_of(
    store: EventStore, run_ids: Sequence[str]
) -> dict[str, list[float | int | None]]:
    """Read the metrics of runs side by side, in the order of ``METRICS``; null: not there."""
    rows = await store.query(
        "SELECT wanted.key, metric, runs_metrics.value FROM json_each(?) AS wanted"
        " JOIN runs ON run_id = wanted.value JOIN runs_metrics USING (ordinal)",
        (json.dumps(run_ids),),
    )
    found: dict[str, list[float | int | None]] = {
        metric: [None] * len(run_ids)
        for metric in dict.fromkeys([*METRICS, *BENCHMARK_METRICS, *(row[1] for row in rows)])
    }
    for place, metric, value in rows:
        found[metric][place] = value
    there = {row[1] for row in rows}
    return {metric: values for metric, values in found.items() if metric in there}


async def oldest_active(store: EventStore, limit: int) -> list[str]:
    """Read the ids of the queued and running runs, oldest first: the queue is the log."""
    rows = await store.query(
        "SELECT run_id FROM runs WHERE state IN (?, ?) ORDER BY ordinal LIMIT ?",
        (*ACTIVE_STATES, limit),
    )
    return [run_id for (run_id,) in rows]
