"""The reading half of the event store: pages, searches, followers, queries."""

import asyncio
import json
from collections.abc import AsyncGenerator, Collection
from itertools import starmap
from typing import Any

from eventstore.events import Event, Page
from eventstore.follow import WHOLE_LOG, Found, Read, Wakeups, follow
from eventstore.limits import Limits
from eventstore.readers import Parameters, Readers
from eventstore.statements import (
    LAST_EVENT_ID,
    LAST_EVENT_IDS,
    LAST_POSITION,
    LOG_PAGE,
    LOG_SEARCH,
    STREAM_PAGE,
    STREAM_SEARCH,
)
from eventstore.validation import check_page

Types = frozenset[str] | None


class Reading:
    """What can be asked of an open log. Cursors are the caller's; no read keeps anything open.

    Every method raises ``StoreClosed`` after the store was closed.
    """

    def __init__(
        self, readers: Readers, wakeups: Wakeups, limits: Limits, poll_seconds: float | None
    ) -> None:
        self._readers = readers
        self._wakeups = wakeups
        self._limits = limits
        self._poll_seconds = poll_seconds

    @property
    def log_id(self) -> str:
        """32 hexadecimal digits that no other log has; a restored log has new ones."""
        return self._readers.log_id

    async def read(
        self, stream: str, after: int = 0, limit: int = 1000, *, attachments: bool = True
    ) -> list[Event]:
        """Up to ``limit`` events of one stream with event ids above ``after``, in order.

        Raises ``InvalidArgument``, ``ReadFailed``.
        """
        check_page(after, limit)
        return await self._events(STREAM_PAGE[attachments], (stream, after, limit))

    async def read_all(
        self, after_position: int = 0, limit: int = 1000, *, attachments: bool = True
    ) -> list[Event]:
        """Up to ``limit`` events of the whole log after a position, in order.

        Raises ``InvalidArgument``, ``ReadFailed``.
        """
        check_page(after_position, limit)
        return await self._events(LOG_PAGE[attachments], (after_position, limit))

    async def read_page(
        self,
        stream: str | None,
        after: int = 0,
        limit: int = 1000,
        *,
        types: Types = None,
        attachments: bool = False,
    ) -> Page:
        """Up to ``limit`` events of those ``types`` (``None``: all), and how far the search came.

        ``after`` and the page's cursor are event ids of ``stream``, or positions where it is
        ``None``. At most ``examined_events_max`` events are looked at: a page may be empty and yet
        move the cursor. A cursor beyond the head stays where it is.

        Raises ``InvalidArgument``, ``ReadFailed``.
        """
        check_page(after, limit)
        examined = self._limits.examined_events_max
        search = (LOG_SEARCH if stream is None else STREAM_SEARCH)[attachments]
        (head, *_), *rows = await self._readers.fetch(
            search,
            {
                "stream": stream,
                "after": after,
                "examined": examined,
                "types": None if types is None else json.dumps(sorted(types)),
                "limit": limit,
            },
        )
        events = list(starmap(Event, rows))
        if len(events) == limit:
            last = events[-1]
            return Page(events, last.position if stream is None else last.event_id, head)
        return Page(events, max(after, min(after + examined, head)), head)

    def follow(
        self, stream: str, after: int = 0, *, attachments: bool = False, page_events: int = 500
    ) -> AsyncGenerator[list[Event], None]:
        """Non-empty pages of a stream's events after ``after``: what there is, then live, forever.

        Each event comes exactly once, in order. The stream need not exist yet. A consumer that
        stops reading costs nothing and misses nothing. The generator ends when the store is closed.

        Raises ``InvalidArgument``; while it runs, ``ReadFailed``.
        """
        check_page(after, page_events)

        async def read(cursor: int) -> tuple[list[Event], int, bool]:
            events = await self.read(stream, cursor, page_events, attachments=attachments)
            return events, events[-1].event_id if events else cursor, len(events) == page_events

        return self._follow(read, stream, after)

    def follow_all(
        self, after_position: int = 0, *, attachments: bool = False, page_events: int = 500
    ) -> AsyncGenerator[list[Event], None]:
        """Like ``follow``, over the whole log in order of position."""
        check_page(after_position, page_events)

        async def read(cursor: int) -> tuple[list[Event], int, bool]:
            events = await self.read_all(cursor, page_events, attachments=attachments)
            return events, events[-1].position if events else cursor, len(events) == page_events

        return self._follow(read, WHOLE_LOG, after_position)

    def follow_pages(
        self,
        stream: str | None,
        after: int = 0,
        *,
        types: Types = None,
        attachments: bool = False,
        page_events: int = 500,
    ) -> AsyncGenerator[Page, None]:
        """Pages as ``read_page`` gives them, each with a cursor beyond the last, forever.

        Like ``follow`` otherwise. A page without events comes where the search passed some of
        other types: so that the consumer can go on from there another time.
        """
        check_page(after, page_events)

        async def read(cursor: int) -> tuple[Page, int, bool]:
            page = await self.read_page(
                stream, cursor, page_events, types=types, attachments=attachments
            )
            return page, page.cursor, page.cursor < page.head

        return self._follow(read, WHOLE_LOG if stream is None else stream, after)

    def grown(self, stream: str | None) -> asyncio.Event:
        """The event that is set when a stream (``None``: the log) grows after this call.

        Take it, read, then wait for it, and no append is missed. It is set for good when the store
        is closed. Of a read-only store, which is told nothing, it is set after ``poll_seconds``.
        """
        if self._poll_seconds is None:
            return self._wakeups.waiter(WHOLE_LOG if stream is None else stream)
        waiter = asyncio.Event()
        asyncio.get_running_loop().call_later(self._poll_seconds, waiter.set)
        return waiter

    async def head(self, stream: str | None = None) -> int:
        """The number of events in a stream (0 if there are none), or the log's last position.

        Raises ``ReadFailed``.
        """
        if stream is None:
            ((last,),) = await self._readers.fetch(LAST_POSITION, ())
        else:
            ((last,),) = await self._readers.fetch(LAST_EVENT_ID, (stream,))
        return int(last)

    async def heads(self, streams: Collection[str]) -> dict[str, int]:
        """The number of events in each of these streams. Raises ``ReadFailed``."""
        rows = await self._readers.fetch(LAST_EVENT_IDS, (json.dumps(list(streams)),))
        return dict(rows)

    async def query(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """The rows of one SELECT over projection tables, on a read-only connection.

        It sees every append that has returned. Raises ``ReadFailed``.
        """
        return await self._readers.fetch(sql, parameters)

    def _follow(self, read: Read[Found], stream: str, after: int) -> AsyncGenerator[Found, None]:
        return follow(read, lambda: self._wakeups.waiter(stream), after, self._poll_seconds)

    async def _events(self, sql: str, parameters: Parameters) -> list[Event]:
        return list(starmap(Event, await self._readers.fetch(sql, parameters)))
