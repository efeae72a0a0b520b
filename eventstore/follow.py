"""Following the log: catch up, then live, from a cursor that only the follower owns."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TypeAlias, TypeVar
from weakref import WeakValueDictionary

from eventstore.errors import StoreClosed

Found = TypeVar("Found")
Read: TypeAlias = Callable[[int], Awaitable[tuple[Found, int, bool]]]

WHOLE_LOG = ""  # no stream has this name


class Wakeups:
    """One event per followed stream, and one for the whole log, set when it has grown.

    A wake-up carries no data. The events are shared by their followers and held by nobody else,
    so that what nobody follows any more takes no memory.
    """

    def __init__(self) -> None:
        self._waiters: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiters)

    def waiter(self, stream: str) -> asyncio.Event:
        """The event that will be set when ``stream`` grows after this call."""
        waiter = self._waiters.get(stream)
        if waiter is None:
            waiter = self._waiters[stream] = asyncio.Event()
            if self._closed:
                waiter.set()
        return waiter

    def wake(self, streams: Iterable[str]) -> None:
        """Wake the followers of ``streams`` and those of the whole log."""
        if self._waiters:
            for stream in (WHOLE_LOG, *streams):
                waiter = self._waiters.pop(stream, None)
                if waiter is not None:
                    waiter.set()

    def close(self) -> None:
        """Wake everybody, for good."""
        self._closed = True
        self.wake(list(self._waiters))


async def follow(
    read: Read[Found],
    take_waiter: Callable[[], asyncio.Event],
    after: int,
    poll_seconds: float | None,
) -> AsyncGenerator[Found, None]:
    """What ``read`` finds, each time it moves the cursor, forever; ends when the store is closed.

    ``read(after)`` gives what it found, the new cursor, and whether there may be more at once.
    The waiter is taken before the read: what is appended after the read then sets that waiter, and
    what was appended before is found. With ``poll_seconds`` the wait ends by itself, for logs that
    another process writes.
    """
    while True:
        waiter = take_waiter()
        try:
            found, cursor, more = await read(after)
        except StoreClosed:
            return
        if cursor > after:
            after = cursor
            yield found
        if not more:
            with suppress(TimeoutError):
                async with asyncio.timeout(poll_seconds):
                    await waiter.wait()
