"""The event store: append-only streams in one SQLite file."""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack
from itertools import starmap
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eventstore.errors import StoreReadOnly
from eventstore.events import Appended, Event, NewEvent
from eventstore.follow import WHOLE_LOG, Wakeups, follow
from eventstore.limits import Limits
from eventstore.lock import LockFile
from eventstore.projection import Projection
from eventstore.readers import Parameters, Readers
from eventstore.statements import LAST_EVENT_ID, LAST_POSITION, LOG_PAGE, STREAM_PAGE
from eventstore.validation import check_page, checked_size
from eventstore.writer import Writer

DEFAULT_LIMITS = Limits()


def wall_clock() -> int:
    """Microseconds since the Unix epoch."""
    return time.time_ns() // 1000


class EventStore:
    """One log, opened with ``open`` and used on the event loop that opened it.

    An append that returned is on disk, whole, and survives a power cut. Whatever reads after it
    returned sees it, projections included. Event ids and positions are 1, 2, 3, … without gaps.
    Every error this class raises on purpose is an ``EventStoreError``.
    """

    def __init__(
        self, readers: Readers, wakeups: Wakeups, limits: Limits, writer: Writer | None
    ) -> None:
        self._readers = readers
        self._wakeups = wakeups
        self._limits = limits
        self._writer = writer
        self._resources = AsyncExitStack()

    @classmethod
    async def open(
        cls,
        path: str | Path,
        *,
        projections: Sequence[Projection] = (),
        clock: Callable[[], int] = wall_clock,
        limits: Limits = DEFAULT_LIMITS,
        read_only: bool = False,
    ) -> Self:
        """Open the log at ``path``, creating it where there is none (its directory must exist).

        ``clock`` stamps ``recorded_at``, in microseconds since the Unix epoch; it is called on the
        writer's thread, once per transaction. ``projections`` are brought to the log's head before
        this returns. With ``read_only`` the log must exist, another process may be writing it, no
        lock is taken, the log is not written and ``projections`` are not touched.

        Raises ``LogLocked``, ``NotALog``, ``UnsupportedLogVersion``, ``OpenFailed``,
        ``ProjectionFailed``.
        """
        log = _resolved(path)
        wakeups = Wakeups()
        writer = None
        async with AsyncExitStack() as opened:
            if not read_only:
                lock = LockFile(log)
                opened.callback(lock.release)
                writer = await Writer.open(log, projections, clock, limits, wakeups.wake)
                opened.push_async_callback(writer.close)
            opened.callback(wakeups.close)
            readers = await Readers.open(log, limits.read_connections)
            opened.push_async_callback(readers.close)
            store = cls(readers, wakeups, limits, writer)
            store._resources = opened.pop_all()
        return store

    async def close(self) -> None:
        """Write what was accepted, finish the reads under way, then refuse with ``StoreClosed``.

        Appends that still wait for room fail with ``StoreClosed``; followers end. May be repeated.
        """
        try:
            if self._writer is not None:
                await self._writer.drain()
        finally:
            await self._resources.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def append(
        self, stream: str, events: Sequence[NewEvent], expected_version: int
    ) -> Appended:
        """Append all of ``events`` or none, and answer once they are on disk.

        ``expected_version`` is the number of events the stream must hold at that moment. A caller
        that is cancelled while it waits leaves the events either written whole or not written.

        Raises ``VersionConflict``, ``InvalidArgument``, ``AppendTimeout``, ``AppendFailed``,
        ``StoreClosed``, ``StoreReadOnly``.
        """
        size = checked_size(stream, events, expected_version, self._limits)
        return await self._writable().append(stream, tuple(events), expected_version, size)

    async def rebuild(self, name: str) -> None:
        """Fold the named projection anew from the log; readers see the old table until it is done.

        Appends wait meanwhile. Raises ``ProjectionFailed``, ``StoreClosed``, ``StoreReadOnly``.
        """
        await self._writable().rebuild(name)

    async def read(
        self, stream: str, after: int = 0, limit: int = 1000, *, attachments: bool = True
    ) -> list[Event]:
        """Up to ``limit`` events of one stream with event ids above ``after``, in order.

        Raises ``InvalidArgument``, ``ReadFailed``, ``StoreClosed``.
        """
        check_page(after, limit)
        return await self._page(STREAM_PAGE[attachments], (stream, after, limit))

    async def read_all(
        self, after_position: int = 0, limit: int = 1000, *, attachments: bool = True
    ) -> list[Event]:
        """Up to ``limit`` events of the whole log after a position, in order.

        Raises ``InvalidArgument``, ``ReadFailed``, ``StoreClosed``.
        """
        check_page(after_position, limit)
        return await self._page(LOG_PAGE[attachments], (after_position, limit))

    def follow(
        self, stream: str, after: int = 0, *, attachments: bool = False, page_events: int = 500
    ) -> AsyncGenerator[list[Event], None]:
        """Non-empty pages of a stream's events after ``after``: what there is, then live, forever.

        Each event comes exactly once, in order. The stream need not exist yet. A consumer that
        stops reading costs nothing and misses nothing. The generator ends when the store is closed.

        Raises ``InvalidArgument``; while it runs, ``ReadFailed``.
        """
        check_page(after, page_events)
        return follow(
            lambda cursor: self.read(stream, cursor, page_events, attachments=attachments),
            lambda: self._wakeups.waiter(stream),
            attrgetter("event_id"),
            after,
            page_events,
            self._poll_seconds(),
        )

    def follow_all(
        self, after_position: int = 0, *, attachments: bool = False, page_events: int = 500
    ) -> AsyncGenerator[list[Event], None]:
        """Like ``follow``, over the whole log in order of position."""
        check_page(after_position, page_events)
        return follow(
            lambda cursor: self.read_all(cursor, page_events, attachments=attachments),
            lambda: self._wakeups.waiter(WHOLE_LOG),
            attrgetter("position"),
            after_position,
            page_events,
            self._poll_seconds(),
        )

    async def head(self, stream: str | None = None) -> int:
        """The number of events in a stream (0 if there are none), or the log's last position.

        Raises ``ReadFailed``, ``StoreClosed``.
        """
        if stream is None:
            ((last,),) = await self._readers.fetch(LAST_POSITION, ())
        else:
            ((last,),) = await self._readers.fetch(LAST_EVENT_ID, (stream,))
        return int(last)

    async def query(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """The rows of one SELECT over projection tables, on a read-only connection.

        It sees every append that has returned. Raises ``ReadFailed``, ``StoreClosed``.
        """
        return await self._readers.fetch(sql, parameters)

    async def _page(self, sql: str, parameters: Parameters) -> list[Event]:
        return list(starmap(Event, await self._readers.fetch(sql, parameters)))

    def _writable(self) -> Writer:
        if self._writer is None:
            raise StoreReadOnly("the log was opened read-only")
        return self._writer

    def _poll_seconds(self) -> float | None:
        return self._limits.poll_seconds if self._writer is None else None


def _resolved(path: str | Path) -> Path:
    return Path(path).resolve()  # one log, one lock file, whatever links lead to it
