"""Following the log together: what one follower reads and encodes is there for all of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress

import msgspec

from eventstore.errors import ReadFailed, StoreClosed
from eventstore.store import EventStore
from service.feed.frames import encoded
from service.feed.tail import PAGE_EVENTS_MAX, Page, Tails, first_page


class Follower(msgspec.Struct, eq=False):
    """Who follows a stream (``None``: the whole log), and how far they have come."""

    stream: str | None
    cursor: int


class Feed:
    """Pages of a run's stream, or of the whole log (``None``), for any number of followers.

    A follower owns a cursor, and while it does not read, the page it was given last.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._tails = Tails()
        self._reads: dict[tuple[str | None, int], _Read] = {}
        self._following: Counter[str | None] = Counter()
        self._followers: set[Follower] = set()
        self._waits: set[asyncio.Timeout] = set()
        self._closed = False

    @property
    def followers(self) -> list[Follower]:
        """Everybody who follows something at the moment."""
        return list(self._followers)

    def close(self) -> None:
        """End all followers, for a response that goes on for ever would keep the service up."""
        self._closed = True
        for wait in self._waits:
            if not wait.expired():
                wait.reschedule(0)

    async def follow(
        self, stream: str | None, after: int, beat_seconds: float | None = None
    ) -> AsyncGenerator[Page, None]:
        """Every event after a cursor, once, in order: what there is, then live.

        Every ``beat_seconds`` comes a page without events, also while there is much to read. Ends
        when the feed or the store is closed. Raises ``ReadFailed``.
        """
        clock = asyncio.get_running_loop().time
        due = None if beat_seconds is None else clock() + beat_seconds
        limit = PAGE_EVENTS_MAX
        follower = self._joined(stream, after)
        try:
            while not self._closed:
                page = await self._page(stream, after, limit)
                if page.frames:
                    after, limit = page.cursor, page.capacity
                    yield page
                    follower.cursor = after
                if beat_seconds is not None and due is not None and clock() >= due:
                    due = clock() + beat_seconds
                    yield Page((), after, page.grown)
                if page.grown is not None:
                    await self._wait(page.grown, due)
        except StoreClosed:
            return
        finally:
            self._left(follower)

    def _joined(self, stream: str | None, cursor: int) -> Follower:
        follower = Follower(stream, cursor)
        self._followers.add(follower)
        self._following[stream] += 1
        return follower

    def _left(self, follower: Follower) -> None:
        self._followers.remove(follower)
        self._following[follower.stream] -= 1
        if not self._following[follower.stream]:
            del self._following[follower.stream]

    async def _page(self, stream: str | None, after: int, limit: int) -> Page:
        while True:
            page = self._tails.page(stream, after)
            if page is not None:
                await asyncio.sleep(0)  # a long replay from memory lets the others have their turn
                return page
            read = self._reads.get((stream, after))
            if read is None:
                return await self._lead(stream, after, limit)
            await read.done.wait()
            if read.page is not None:
                return read.page

    async def _lead(self, stream: str | None, after: int, limit: int) -> Page:
        read = self._reads[stream, after] = _Read()
        try:
            page = read.page = await self._read(stream, after, limit)
        finally:  # where this one failed or was cancelled, those who waited read for themselves
            del self._reads[stream, after]
            read.done.set()
        return page

    async def _read(self, stream: str | None, after: int, limit: int) -> Page:
        grown = self._store.grown(stream)
        if stream is None:
            events = await self._store.read_all(after, limit, attachments=False)
        else:
            events = await self._store.read(stream, after, limit, attachments=False)
        frames = encoded(stream, events)
        if frames and frames[-1].cursor != after + len(frames):
            raise ReadFailed(f"events are missing between {after} and {frames[-1].cursor}")
        at_head = grown if len(events) < limit else None
        if at_head or self._following[stream] > 1:  # the past is nobody's but a lone reader's
            self._tails.extend(stream, after, frames, at_head)
        return first_page(frames, after + len(frames), at_head)

    async def _wait(self, grown: asyncio.Event, due: float | None) -> None:
        wait = asyncio.timeout_at(due)
        try:
            with suppress(TimeoutError):  # a beat is due, or the feed was closed
                async with wait:
                    self._waits.add(wait)
                    if not self._closed:
                        await grown.wait()
        finally:
            self._waits.discard(wait)


class _Read:
    """A read under way; ``page`` stays ``None`` where it came to nothing."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.page: Page | None = None
