"""What was made of streams, kept for as long as it is true."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from eventstore.store import EventStore

T = TypeVar("T")

ENTRIES_MAX = 4_096


class StreamCache(Generic[T]):
    """Values made of one stream each (or of the whole log, ``None``), until the stream grows.

    A value is never older than anything that can be read from the log: an append takes it out
    before its caller is answered, and while one is being written the log itself is asked. Where
    another process writes the log, nothing is kept.
    """

    def __init__(self, store: EventStore, entries_max: int = ENTRIES_MAX) -> None:
        self._store = store
        self._entries_max = entries_max
        # The least recently used first.
        self._kept: OrderedDict[str | None, tuple[asyncio.Event, T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, stream: str | None) -> T | None:
        """The value that is kept of ``stream``, if it still holds."""
        entry = self._kept.get(stream)
        if entry is None or self._store.growing(stream):
            return None
        grown, value = entry
        if grown.is_set():
            del self._kept[stream]
            return None
        self._kept.move_to_end(stream)
        return value

    async def make(self, stream: str | None, read: Callable[[], Awaitable[T]]) -> T:
        """The value that ``read`` makes of ``stream`` now; kept for ``find``."""
        if self._store.growing(stream):
            return await read()
        grown = self._store.grown(stream)  # taken before the read: what comes after it is noticed
        value = await read()
        self._kept[stream] = grown, value
        if len(self._kept) > self._entries_max:
            self._kept.popitem(last=False)
        return value
