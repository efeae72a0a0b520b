"""What the log already holds of a run, held against what its re-execution yields."""

from collections.abc import Sequence

from domain.runs.events import EncodedEvent
from eventstore.events import Event
from eventstore.store import EventStore

PAGE_EVENTS = 16


class Diverged(Exception):
    """The re-execution of a run differs from its record; the first differing event is named."""


class Recording:
    """A cursor over the stored events of one stream, read a page at a time."""

    def __init__(self, store: EventStore, stream: str, after: int) -> None:
        self._store = store
        self._stream = stream
        self._cursor = after
        self._page: list[Event] = []
        self._ended = False

    async def unseen(self, events: Sequence[EncodedEvent]) -> list[EncodedEvent]:
        """Skip the events that the log already holds; give the rest. Raises ``Diverged``."""
        for index, event in enumerate(events):
            stored = await self._next()
            if stored is None:
                return list(events[index:])
            if (stored.type, stored.payload, stored.attachment) != (
                event.type, event.payload, event.attachment
            ):  # fmt: skip
                raise Diverged(
                    f"event {stored.event_id}: the log holds a {stored.type} event that the "
                    f"run's re-execution does not reproduce (it gave a {event.type} event); "
                    "the engine, its libraries or the data have changed"
                )
        return []

    async def _next(self) -> Event | None:
        if not self._page and not self._ended:
            page = await self._store.read(self._stream, self._cursor, PAGE_EVENTS)
            self._page = page[::-1]
            self._ended = not page
        if not self._page:
            return None
        event = self._page.pop()
        self._cursor = event.event_id
        return event
