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
    rows = await store.query(
        "SELECT optimization FROM optimizations WHERE optimization_id = ?", (optimization_id,)
    )
    return _decode(rows[0][0]) if rows else None


async def list_optimizations(
    store: EventStore, *, state: str | None, before: int | None, limit: int
) -> list[tuple[int, Optimization]]:
    """Read (ordinal, optimization), newest first, those before ordinal ``before`` if given."""
    rows = await store.query(
        "SELECT ordinal, optimization FROM optimizations"
        " WHERE ordinal < ?1 AND (?2 IS NULL OR state = ?2) ORDER BY ordinal DESC LIMIT ?3",
        (2**63 - 1 if before is None else before, state, limit),
    )
    return [(ordinal, _decode(optimization)) for ordinal, optimization in rows]


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
