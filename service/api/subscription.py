"""What a client asks of a stream: from where on, of which log, of which types."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple, TypeAlias

from msgspec import Meta

from domain.runs.events import EVENT_TYPES
from eventstore.store import EventStore
from service.feed.frames import Frame, is_final
from service.http.errors import BadRequestError, ConflictError
from service.http.requests import require_within
from service.projections import stream_of
from service.runs import get_run

Cursor: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
LogId: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{32}\\Z")]
HeartbeatSeconds: TypeAlias = Annotated[int, Meta(ge=1, le=3600)]
Types: TypeAlias = frozenset[str] | None


class Place(NamedTuple):
    """A cursor in a stream (``None``: the whole log) whose head was ``head`` a moment ago.

    ``ended``: no event follows the cursor, now or ever.
    """

    stream: str | None
    cursor: int
    head: int
    ended: bool


def require_same_log(store: EventStore, log_id: str | None) -> None:
    """Raise 409 where a client's cursor belongs to another log than this one."""
    if log_id not in (None, store.log_id):
        raise ConflictError(f"this is another log, {store.log_id}: start over without a cursor")


async def find_place(
    store: EventStore, run_id: str | None, cursor: int, cursor_name: str, log_id: str | None
) -> Place:
    """Find a client's place in the stream of a run, or in the whole log (``None``).

    Raises 409 for another log, ``UnknownRun``, and 416 for a cursor beyond the head.
    """
    require_same_log(store, log_id)
    stream = None if run_id is None else stream_of((await get_run(store, run_id)).run_id)
    head = await store.head(stream)
    require_within(cursor_name, cursor, head)
    ended = False
    if stream is not None and cursor == head:
        (last,) = await store.read(stream, head - 1, 1, attachments=False)
        ended = is_final(last)
    return Place(stream, cursor, head, ended)


def types_of(text: str | None) -> Types:
    """The event types in a query's ``types``, separated by commas. Raises 400 for unknown ones."""
    if text is None:
        return None
    types = frozenset(text.split(","))
    for unknown in sorted(types.difference(EVENT_TYPES)):
        listed = ", ".join(EVENT_TYPES)
        raise BadRequestError(
            f"query parameter types: {unknown[:64]!r} is not a type of event; there are {listed}"
        )
    return types


def selected(frames: Sequence[Frame], types: Types) -> Sequence[Frame]:
    """Those of ``frames`` that a client wants."""
    return frames if types is None else [frame for frame in frames if frame.type in types]
