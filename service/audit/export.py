"""The export of a run: its events, each proven to be in a log that is pinned by a checkpoint.

Lines of JSON: a header, then one line per event. The format is specified in docs/auditing.md.
"""

from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Annotated, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from domain.market.moments import iso
from eventstore.chain import GENESIS
from eventstore.events import Event
from eventstore.store import EventStore
from service import clock
from service.audit.checkpoint import Checkpoint, sign

FORMAT = "backtape-export"
PAGE_EVENTS = 16

Ordinal: TypeAlias = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Moment: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line: which events follow, and the checkpoint that their proofs lead to.

    ``previous_hash``: of the event before ``first_event_id``, 64 zeros before the first event.
    """

    format: str
    stream: str
    first_event_id: Ordinal
    previous_hash: str
    events: Ordinal
    checkpoint: Checkpoint


class ProvenEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line for each event: bytes in base64, hashes in hexadecimal, ``recorded_at`` in µs UTC.

    ``proof`` is the Merkle audit path from the event to the checkpoint's root, nearest first.
    """

    position: Ordinal
    event_id: Ordinal
    type: str
    recorded_at: Moment
    payload: str
    attachment: str | None
    hash: str
    proof: list[str]


async def make_checkpoint(store: EventStore, key: Ed25519PrivateKey) -> Checkpoint:
    """Sign what the log holds now."""
    size, root = await store.tree_root()
    return sign(key, store.log_id, size, root, iso(clock.now_microseconds()))


async def export(
    store: EventStore, key: Ed25519PrivateKey, stream: str, event_id: int | None = None
) -> AsyncIterator[bytes]:
    """Yield the lines of the export of all events of a stream, or of one, as they are now.

    ``event_id`` is among the stream's events.
    """
    head = await store.head(stream)
    checkpoint = await make_checkpoint(store, key)  # after the head: it covers all of the events
    first, last = (1, head) if event_id is None else (event_id, event_id)
    before = await store.read(stream, first - 2, 1, attachments=False) if first > 1 else []
    header = Header(
        format=FORMAT,
        stream=stream,
        first_event_id=first,
        previous_hash=(before[0].hash if before else GENESIS).hex(),
        events=last - first + 1,
        checkpoint=checkpoint,
    )
    yield _line(header)
    cursor = first - 1
    while cursor < last:
        for event in await store.read(stream, cursor, min(PAGE_EVENTS, last - cursor)):
            proof = await store.inclusion(event.position, checkpoint.size)
            yield _line(_proven(event, proof))
            cursor = event.event_id


def _proven(event: Event, proof: list[bytes]) -> ProvenEvent:
    return ProvenEvent(
        position=event.position,
        event_id=event.event_id,
        type=event.type,
        recorded_at=event.recorded_at,
        payload=b64encode(event.payload).decode(),
        attachment=None if event.attachment is None else b64encode(event.attachment).decode(),
        hash=event.hash.hex(),
        proof=[node.hex() for node in proof],
    )


def _line(value: Header | ProvenEvent) -> bytes:
    return msgspec.json.encode(value) + b"\n"
