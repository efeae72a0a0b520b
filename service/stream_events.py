"""A stream's events for work in a worker thread."""

from collections.abc import Iterator
from functools import partial

import anyio

from eventstore.events import Event
from eventstore.store import EventStore


def events_until(
    store: EventStore,
    stream: str,
    until: int,
    *,
    page_events: int,
    after: int = 0,
    types: frozenset[str] | None = None,
) -> Iterator[Event]:
    """Read the events ``after`` + 1 to ``until`` (at most the head), with what is attached.

    Only those of some ``types``, or all; ``page_events`` are in memory at once. For a worker
    thread of anyio: the log is read on the loop that owns it.
    """
    cursor = after
    while cursor < until:
        read = partial(store.read_page, stream, cursor, page_events, types=types, attachments=True)
        page = anyio.from_thread.run(read)
        yield from (event for event in page.events if event.event_id <= until)
        cursor = page.cursor
