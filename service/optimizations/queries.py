"""What is read from the tables of optimizations."""

import json
from collections.abc import Sequence

import msgspec

from domain.optimizations.lifecycle import Optimization
from eventstore.store import EventStore

ACTIVE_STATES = ("pending", "running")

_decode = msgspec.json.Decoder(Optimization).decode


async def find_optimization(store: EventStore, optimization_id: str) -> Optimization | None:
    """Read one optimization, or ``None`` where there is none of that id."""
    located = await locate_optimization(store, optimization_id)
    return None if located is None else located[0]


async def locate_optimization(
    store: EventStore, optimization_id: str
) -> tuple[Optimization, int, int] | None:
    """Read one optimization, the log position of its last event, and how many it has."""
    rows = await store.query(
        "SELECT optimization, last_position, events FROM optimizations WHERE optimization_id = ?",
        (optimization_id,),
    )
    return (_decode(rows[0][0]), *rows[0][1:]) if rows else None


async def oldest_active(store: EventStore, limit: int) -> list[str]:
    """Read the ids of the pending and running optimizations, oldest first."""
    rows = await store.query(
        "SELECT optimization_id FROM optimizations WHERE state IN (?, ?) ORDER BY ordinal LIMIT ?",
        (*ACTIVE_STATES, limit),
    )
    return [optimization_id for (optimization_id,) in rows]


async def ranked_payloads(
    store: EventStore, optimization_id: str, *, after: int, limit: int
) -> list[bytes]:
    """Read the last events of ended trials, the best first, from rank ``after`` + 1 on."""
    rows = await store.query(
        "SELECT payload FROM (SELECT * FROM trials WHERE optimization_id = ?"
        " ORDER BY standing, merit, number LIMIT ? OFFSET ?) JOIN events USING (position)"
        " ORDER BY standing, merit, number",
        (optimization_id, limit, after),
    )
    return [payload for (payload,) in rows]


async def payloads_of(store: EventStore, stream: str, event_ids: Sequence[int]) -> list[bytes]:
    """Read the payloads of some events of a stream, in the order of ``event_ids``."""
    rows = await store.query(
        "SELECT payload FROM json_each(?2) AS wanted JOIN events"
        " ON stream = ?1 AND event_id = wanted.value ORDER BY wanted.key",
        (stream, json.dumps(event_ids)),
    )
    return [payload for (payload,) in rows]
