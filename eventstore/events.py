"""What goes into the log and what comes out of it."""

import msgspec


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """An event about to be appended: its bytes are stored, hashed and served exactly as given."""

    type: str
    payload: bytes
    attachment: bytes | None = None


class Event(msgspec.Struct, frozen=True, gc=False):
    """An event as the log holds it.

    ``position`` numbers the whole log, ``event_id`` the stream; both start at 1 and have no gaps.
    ``recorded_at`` is in microseconds since the Unix epoch, UTC. ``hash`` is the stream's SHA-256
    chain up to and including this event. ``attachment`` is ``None`` where there is none or where
    the reader asked for events without attachments.
    """

    position: int
    stream: str
    event_id: int
    type: str
    recorded_at: int
    payload: bytes
    hash: bytes
    attachment: bytes | None = None


class Appended(msgspec.Struct, frozen=True, gc=False):
    """Where an append's last event landed: the stream's version and the log's position."""

    version: int
    position: int


class Page(msgspec.Struct, frozen=True, gc=False):
    """What a search found, and how far it looked.

    ``cursor`` is the last event id (or position) that was examined, whether it matched or not: go
    on after it. ``head`` is the last one there was at that moment; more is there while
    ``cursor < head``.
    """

    events: list[Event]
    cursor: int
    head: int
