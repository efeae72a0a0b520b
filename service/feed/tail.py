"""The last events of the streams that are followed, encoded, in bounded memory."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from service.feed.frames import Frame

PAGE_EVENTS_MAX = 500
PAGE_BYTES_MAX = 256 * 1024  # in memory; an event that is larger has a page of its own
TAIL_BYTES_MAX = 2 * 1024 * 1024
TAILS_BYTES_MAX = 16 * 1024 * 1024
TAIL_BYTES = 1024  # of an empty one


class Page(msgspec.Struct, frozen=True):
    """Consecutive events. ``cursor`` is where to go on from.

    ``grown`` is set once there may be more after this page; it was taken before the log was read.
    ``None``: there is more already.
    """

    frames: Sequence[Frame]
    cursor: int
    grown: asyncio.Event | None
    bytes: int = 0

    @property
    def at_head(self) -> bool:
        """Whether no event has followed the page since it was read."""
        return self.grown is not None and not self.grown.is_set()

    @property
    def capacity(self) -> int:
        """How many events such as these a page holds."""
        fitting = PAGE_BYTES_MAX * len(self.frames) // (self.bytes or 1)
        return min(max(fitting, 1), PAGE_EVENTS_MAX) if self.frames else PAGE_EVENTS_MAX


def first_page(frames: Sequence[Frame], end: int, grown: asyncio.Event | None) -> Page:
    """As many of ``frames`` as a page holds; ``end`` and ``grown`` are cursor and event of all."""
    size = 0
    for count, frame in enumerate(frames):
        if count == PAGE_EVENTS_MAX or (size + frame.bytes > PAGE_BYTES_MAX and count):
            return Page(frames[:count], frames[count - 1].cursor, None, size)
        size += frame.bytes
    return Page(frames, end, grown, size)


class Tail:
    """Events of one stream without a gap; the oldest make room for new ones."""

    def __init__(self, base: int) -> None:
        self.bytes = TAIL_BYTES
        self._base = base  # the cursor before the first of them
        self._frames: list[Frame] = []
        self._grown: asyncio.Event | None = None

    @property
    def end(self) -> int:
        """The cursor after the last event."""
        return self._base + len(self._frames)

    def page(self, after: int) -> Page | None:
        """The page after a cursor, or ``None`` where only the log can tell."""
        if self._base <= after < self.end:
            index = after - self._base
            some = self._frames[index : index + PAGE_EVENTS_MAX + 1]
            return first_page(some, some[-1].cursor, self._grown)
        if after == self.end and self._grown is not None and not self._grown.is_set():
            return Page((), after, self._grown)
        return None

    def extend(self, after: int, frames: Sequence[Frame], grown: asyncio.Event | None) -> None:
        """Take in the rest of ``frames``, which follow ``after``: at most ``end``, and reach it."""
        fresh = frames[self.end - after :]
        self._frames += fresh
        self._grown = grown
        self.bytes += sum(frame.bytes for frame in fresh)
        surplus = 0
        while self.bytes > TAIL_BYTES_MAX:
            self.bytes -= self._frames[surplus].bytes
            surplus += 1
        self._base += surplus
        del self._frames[:surplus]


class Tails:
    """One tail for each stream (``None``: the whole log); those used last, in bounded memory."""

    def __init__(self) -> None:
        self._tails: OrderedDict[str | None, Tail] = OrderedDict()
        self.bytes = 0

    def page(self, stream: str | None, after: int) -> Page | None:
        """The page after a cursor, or ``None`` where only the log can tell."""
        tail = self._tails.get(stream)
        if tail is None:
            return None
        self._tails.move_to_end(stream)
        return tail.page(after)

    def extend(
        self, stream: str | None, after: int, frames: Sequence[Frame], grown: asyncio.Event | None
    ) -> None:
        """Keep what a read found after a cursor, unless newer events are kept already."""
        tail = self._tails.pop(stream, None)
        self.bytes -= tail.bytes if tail else 0
        if tail is None or after > tail.end:
            tail = Tail(after)
        if after + len(frames) >= tail.end:
            tail.extend(after, frames, grown)
        self._tails[stream] = tail
        self.bytes += tail.bytes
        while self.bytes > TAILS_BYTES_MAX:
            _, dropped = self._tails.popitem(last=False)
            self.bytes -= dropped.bytes
