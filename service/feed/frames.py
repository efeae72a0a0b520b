"""Events as they go out; payloads byte for byte as stored."""

from collections.abc import Sequence
from sys import getsizeof

import msgspec

from domain.market.moments import iso
from eventstore.events import Event

ENDINGS = ("completed", "failed", "cancelled")

_json = msgspec.json.Encoder().encode


class _State(msgspec.Struct, frozen=True, gc=False):
    state: str


_decode_state = msgspec.json.Decoder(_State).decode


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One event, encoded. ``cursor`` is where to go on from after it; ``final`` ends its run.

    An optimization that was resumed goes on after an end. ``bytes``: what it takes in memory.
    """

    cursor: int
    type: str
    text: str
    final: bool
    bytes: int


FRAME_BYTES = getsizeof(Frame(0, "", "", False, 0)) + 2 * getsizeof(1 << 40) + 8  # and its place


def encoded(stream: str | None, events: Sequence[Event]) -> list[Frame]:
    """Events of a stream, or of the whole log (``None``), as they go out.

    ``run_id`` is what follows the first ``-`` in the stream's name, an optimization's too.
    """
    return _of_log(events) if stream is None else _of_run(stream, events)


def _of_run(stream: str, events: Sequence[Event]) -> list[Frame]:
    run_id = stream.partition("-")[2]
    frames = []
    for event in events:
        text = (
            f'{{"event_id":{event.event_id},"run_id":"{run_id}","type":"{event.type}",'
            f'"timestamp":"{iso(event.recorded_at)}","payload":{event.payload.decode()}}}'
        )
        final = event.type == "state" and is_final(event)
        size = FRAME_BYTES + getsizeof(text)
        frames.append(Frame(event.event_id, event.type, text, final, size))
    return frames


def _of_log(events: Sequence[Event]) -> list[Frame]:
    frames = []
    for event in events:
        text = (
            f'{{"position":{event.position},"stream":{_json(event.stream).decode()},'
            f'"event_id":{event.event_id},"type":"{event.type}",'
            f'"timestamp":"{iso(event.recorded_at)}","payload":{event.payload.decode()}}}'
        )
        size = FRAME_BYTES + getsizeof(text)
        frames.append(Frame(event.position, event.type, text, False, size))
    return frames


def is_final(event: Event) -> bool:
    """Whether a run, or an optimization, ends with this event."""
    return event.type == "state" and _decode_state(event.payload).state in ENDINGS
