"""The bounded queue of appends, and how it is cut into transactions. Lives on the event loop."""

import asyncio
from collections import OrderedDict, deque
from typing import NamedTuple

from eventstore.append import Append
from eventstore.errors import AppendTimeout, StoreClosed
from eventstore.limits import Limits


class Backlog(NamedTuple):
    """How much is accepted and not yet taken by the writer, and how many wait for room."""

    appends: int
    events: int
    bytes: int
    waiting: int


class Intake:
    """Accepted appends in order, and behind them those that wait for room, in order.

    An append whose future is done (its caller was cancelled) is dropped when its turn comes.
    """

    def __init__(self, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self._limits = limits
        self._loop = loop
        self._accepted: deque[Append] = deque()
        self._waiting: OrderedDict[Append, asyncio.TimerHandle] = OrderedDict()
        self._events = 0
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._accepted)

    @property
    def backlog(self) -> Backlog:
        """How much there is to do."""
        return Backlog(len(self._accepted), self._events, self._bytes, len(self._waiting))

    def add(self, append: Append) -> None:
        """Accept the append, or let it wait for room until its time is up."""
        if not self._waiting and self._fits(append):
            self._accept(append)
        else:
            self._waiting[append] = self._loop.call_later(
                self._limits.append_wait_seconds, self._expire, append
            )

    def take_group(self) -> list[Append]:
        """The next transaction's appends; empty only when nothing is accepted or waiting."""
        group: list[Append] = []
        events = size = 0
        while self._accepted:
            append = self._accepted[0]
            events += len(append.events)
            size += append.size
            if group and (
                events > self._limits.commit_events_max or size > self._limits.commit_bytes_max
            ):
                break
            self._accepted.popleft()
            self._events -= len(append.events)
            self._bytes -= append.size
            if not append.future.done():
                group.append(append)
            self._admit()
        return group

    def refuse_waiting(self) -> None:
        """Fail every append that was not accepted, because the store is closing."""
        while self._waiting:
            append = self._next_waiting()
            if not append.future.done():
                append.future.set_exception(StoreClosed("the store was closed before this append"))

    def _fits(self, append: Append) -> bool:
        return not self._accepted or (
            self._events + len(append.events) <= self._limits.queue_events_max
            and self._bytes + append.size <= self._limits.queue_bytes_max
        )

    def _accept(self, append: Append) -> None:
        self._accepted.append(append)
        self._events += len(append.events)
        self._bytes += append.size

    def _admit(self) -> None:
        while self._waiting:
            append = next(iter(self._waiting))
            if not append.future.done() and not self._fits(append):
                return
            self._next_waiting()
            if not append.future.done():
                self._accept(append)

    def _next_waiting(self) -> Append:
        append, deadline = self._waiting.popitem(last=False)
        deadline.cancel()
        return append

    def _expire(self, append: Append) -> None:
        del self._waiting[append]
        if not append.future.done():
            append.future.set_exception(
                AppendTimeout(
                    f"the queue stayed full for {self._limits.append_wait_seconds} seconds; "
                    f"nothing was appended to stream {append.stream!r}"
                )
            )
