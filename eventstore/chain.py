"""The SHA-256 chain that runs through each stream, and its verification.

The hashed bytes are specified in docs/event-log.md, precisely enough to check a log without us.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from eventstore.errors import ChainBroken
from eventstore.events import Event

GENESIS = bytes(32)
NO_ATTACHMENT = -1

_PREFIX = struct.Struct(">32sQQqIIQq")
_sha256 = hashlib.sha256


class Head(NamedTuple):
    """A stream's last event: its number, and the chain's hash up to and including it."""

    version: int
    hash: bytes


EMPTY = Head(0, GENESIS)


def event_hash(
    previous: bytes,
    position: int,
    stream: str,
    event_id: int,
    kind: str,
    recorded_at: int,
    payload: bytes,
    attachment: bytes | None,
) -> bytes:
    """The 32 bytes of SHA-256 over the stream's previous hash and everything this event holds.

    ``previous`` is ``GENESIS`` for a stream's first event. Each part of variable length is
    preceded by its length, so that no two events share an encoding.
    """
    return hash_of_bytes(
        previous,
        position,
        stream.encode(),
        event_id,
        kind.encode(),
        recorded_at,
        payload,
        attachment,
    )


def hash_of_bytes(
    previous: bytes,
    position: int,
    stream: bytes,
    event_id: int,
    kind: bytes,
    recorded_at: int,
    payload: bytes,
    attachment: bytes | None,
) -> bytes:
    """``event_hash`` for texts that are UTF-8 already, as they are stored."""
    length = NO_ATTACHMENT if attachment is None else len(attachment)
    prefix = _PREFIX.pack(
        previous,
        position,
        event_id,
        recorded_at,
        len(stream),
        len(kind),
        len(payload),
        length,
    )
    return _sha256(b"".join((prefix, stream, kind, payload, attachment or b""))).digest()


def verify(events: Iterable[Event], heads: dict[str, Head] | None = None) -> dict[str, Head]:
    """Recompute the chain of every stream in ``events``; return each stream's head.

    ``events`` come with their attachments, of one stream or of many, each stream's from its first
    event or from the one after its entry in ``heads``, which is updated: page after page may be
    verified with the same dict. Raises ``ChainBroken`` at the first event that does not follow.
    What is missing at a stream's end cannot be seen here: compare the heads, or the positions.
    """
    heads = {} if heads is None else heads
    for event in events:
        stream, event_id = event.stream, event.event_id
        version, previous = heads.get(stream, EMPTY)
        if event_id != version + 1:
            raise _broken(event, f"event {version + 1} was expected here")
        expected = event_hash(
            previous,
            event.position,
            stream,
            event_id,
            event.type,
            event.recorded_at,
            event.payload,
            event.attachment,
        )
        if event.hash != expected:
            raise _broken(event, "its hash does not follow from its bytes and the event before")
        heads[stream] = Head(event_id, expected)
    return heads


def without_gaps(events: Iterable[Event], after_position: int = 0) -> Iterator[Event]:
    """The same events, of the whole log in order; raises ``ChainBroken`` at a missing position."""
    for event in events:
        after_position += 1
        if event.position != after_position:
            raise _broken(event, f"position {after_position} was expected here")
        yield event


def _broken(event: Event, reason: str) -> ChainBroken:
    return ChainBroken(event.stream, event.event_id, event.position, reason)
