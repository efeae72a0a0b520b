"""What a client asks of a stream: from where on, of which log, of which types."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, NamedTuple, TypeAlias

from msgspec import Meta

from domain.optimizations.events import EVENT_TYPES as OPTIMIZATION_TYPES
from domain.runs.events import EVENT_TYPES as RUN_TYPES
from eventstore.store import EventStore
from service.feed.frames import Frame, is_final
from service.feed.tail import Page
from service.http.errors import BadRequestError, ConflictError
from service.http.requests import require_within
from service.optimizations.optimizations import stream_of_optimization
from service.runs import stream_of_run

Cursor: TypeAlias = Annotated[
    int, Meta(ge=0, le=2**63 - 1, description="the last event that the client has, 0 for none")
]
LogId: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^[0-9a-f]{32}$(?!\n)", description="the log that the cursor is of"),
]
HeartbeatSeconds: TypeAlias = Annotated[
    int, Meta(ge=1, le=3600, description="a heartbeat every so many seconds")
]
TypesText: TypeAlias = Annotated[
    str, Meta(description="only events of these types, separated by commas")
]
Types: TypeAlias = frozenset[str] | None


class Family(NamedTuple):
    """The streams of one kind of things.

    ``find`` names the stream of an id, and raises where there is none.
    """

    noun: str
    types: Sequence[str]
    find: Callable[[EventStore, str], Awaitable[str]]


RUNS = Family("run", RUN_TYPES, stream_of_run)
OPTIMIZATIONS = Family("optimization", OPTIMIZATION_TYPES, stream_of_optimization)
ALL_TYPES = tuple(dict.fromkeys((*RUN_TYPES, *OPTIMIZATION_TYPES)))


class Subject(NamedTuple):
    """What a client asks for the events of."""

    family: Family
    id: str


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
    store: EventStore, subject: Subject | None, cursor: int, cursor_name: str, log_id: str | None
) -> Place:
    """Find a client's place in the stream of a subject, or in the whole log (``None``).

    Raises 409 for another log, what ``Family.find`` does, and 416 for a cursor beyond the head.
    """
    require_same_log(store, log_id)
    stream = None if subject is None else await subject.family.find(store, subject.id)
    head = await store.head(stream)
    require_within(cursor_name, cursor, head)
    ended = False
    if stream is not None and cursor == head:
        (last,) = await store.read(stream, head - 1, 1, attachments=False)
        ended = is_final(last)
    return Place(stream, cursor, head, ended)


async def has_ended(store: EventStore, place: Place, page: Page) -> bool:
    """Whether a page ends with the last event of its stream, which nothing follows so far."""
    if place.stream is None or not page.frames or not page.frames[-1].final:
        return False
    # What was resumed goes on after an end; at the end of the log there is no need to ask.
    return page.at_head or page.cursor == await store.head(place.stream)


def types_of(text: str | None, subject: Subject | None) -> Types:
    """The event types in a query's ``types``, separated by commas.

    Raises 400 for those that the subject, or the whole log (``None``), does not have.
    """
    if text is None:
        return None
    known = ALL_TYPES if subject is None else subject.family.types
    types = frozenset(text.split(","))
    for unknown in sorted(types.difference(known)):
        listed = ", ".join(known)
        raise BadRequestError(
            f"query parameter types: {unknown[:64]!r} is not a type of event; there are {listed}"
        )
    return types


def selected(frames: Sequence[Frame], types: Types) -> Sequence[Frame]:
    """Those of ``frames`` that a client wants."""
    return frames if types is None else [frame for frame in frames if frame.type in types]
