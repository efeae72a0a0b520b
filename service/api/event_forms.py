"""The three forms in which events go out over HTTP."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Literal, TypeAlias

import msgspec

from eventstore.store import EventStore
from service.api.subscription import Place, Types, has_ended, selected
from service.core import Core
from service.feed.frames import encoded
from service.feed.tail import PAGE_EVENTS_MAX, first_page

Form: TypeAlias = Literal["application/json", "application/x-ndjson", "text/event-stream"]

JSON: Form = "application/json"
NDJSON: Form = "application/x-ndjson"
EVENT_STREAM: Form = "text/event-stream"
FORMS: Sequence[Form] = (JSON, NDJSON, EVENT_STREAM)


class EventPage(msgspec.Struct, frozen=True):
    """A page of events. ``next`` is the cursor of the page after it; at ``head`` there is none."""

    log_id: str
    events: list[msgspec.Raw]
    next: int
    head: int


async def event_page(store: EventStore, place: Place, types: Types, limit: int) -> EventPage:
    """Up to ``limit`` events, fewer where they are large or where a search for ``types`` is long.

    Raises ``ReadFailed``, ``StoreClosed``.
    """
    found = await store.read_page(place.stream, place.cursor, limit, types=types)
    page = first_page(encoded(place.stream, found.events), found.cursor, None)
    events = [msgspec.Raw(frame.text.encode()) for frame in page.frames]
    return EventPage(store.log_id, events, page.cursor, found.head)


async def lines(store: EventStore, place: Place, types: Types) -> AsyncGenerator[str, None]:
    """Every event up to the head that the place was found with, one on each line."""
    cursor, limit = place.cursor, PAGE_EVENTS_MAX
    while cursor < place.head:
        found = await store.read_page(place.stream, cursor, limit, types=types)
        page = first_page(encoded(place.stream, found.events), found.cursor, None)
        yield "".join(f"{frame.text}\n" for frame in page.frames if frame.cursor <= place.head)
        cursor, limit = page.cursor, page.capacity


async def blocks(
    core: Core, place: Place, types: Types, beat_seconds: float
) -> AsyncGenerator[str, None]:
    """Server-sent events until the stream has ended, a comment every ``beat_seconds``.

    A block that holds only an ``id`` shows no event, but moves a browser's cursor past events that
    ``types`` leaves out (WHATWG HTML, 9.2.6).
    """
    async with aclosing(core.feed.follow(place.stream, place.cursor, beat_seconds)) as pages:
        async for page in pages:
            frames = selected(page.frames, types)
            text = "".join(
                f"id: {frame.cursor}\nevent: {frame.type}\ndata: {frame.text}\n\n"
                for frame in frames
            )
            if not page.frames:
                text = ": heartbeat\n\n"
            elif not frames or frames[-1].cursor < page.cursor:
                text += f"id: {page.cursor}\n\n"
            yield text
            if await has_ended(core.store, place, page):
                return
