"""The writer: one thread that owns the ledger, fed with groups of appends from the event loop.

At most one group is under way. What is appended meanwhile waits and becomes the next group, so
that one fsync pays for as many appends as there are.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from eventstore.append import Append
from eventstore.errors import AppendFailed, EventStoreError, StoreClosed
from eventstore.events import Appended, NewEvent
from eventstore.follow import WHOLE_LOG
from eventstore.fresh import Fresh
from eventstore.intake import Backlog, Intake
from eventstore.ledger import Ledger, Outcome
from eventstore.limits import Limits
from eventstore.observer import Observer
from eventstore.projection import Projection
from eventstore.thread import WorkThread


class Written(NamedTuple):
    """What became of a group of appends, and how long that took."""

    outcomes: list[Outcome]
    seconds: float


class Writer:
    """Appends and swaps of projections, in the order they were accepted.

    ``wake`` is called on the event loop after each commit, with the streams that grew.
    """

    def __init__(
        self,
        thread: WorkThread,
        ledger: Ledger,
        limits: Limits,
        wake: Callable[[set[str]], None],
        observer: Observer,
    ) -> None:
        self._thread = thread
        self._ledger = ledger
        self._wake = wake
        self._observer = observer
        self._loop = asyncio.get_running_loop()
        self._intake = Intake(limits, self._loop)
        self._growing: frozenset[str] = frozenset()  # the streams of the group that is under way
        self._scheduled = False
        self._closing = False

    @classmethod
    async def open(
        cls,
        path: Path,
        projections: Sequence[Projection],
        clock: Callable[[], int],
        limits: Limits,
        wake: Callable[[set[str]], None],
        observer: Observer,
    ) -> "Writer":
        """Start the thread and open the ledger in it; raises what ``Ledger`` raises."""
        thread = WorkThread(f"eventstore-writer {path.name}")
        try:
            ledger = await thread.call(lambda: Ledger(path, projections, clock, limits))
        except BaseException:
            thread.stop()
            raise
        return cls(thread, ledger, limits, wake, observer)

    async def append(
        self, stream: str, events: Sequence[NewEvent], expected_version: int, size: int
    ) -> Appended:
        """Write the events and answer once they are on disk."""
        if self._closing:
            raise StoreClosed("the store is closed")
        asked = time.perf_counter()
        append = Append(stream, events, expected_version, size, self._loop.create_future())
        self._intake.add(append)
        self._schedule()
        try:
            appended = await append.future
        except EventStoreError as error:
            self._observer.refused(error)
            raise
        self._observer.appended(time.perf_counter() - asked, len(events))
        return appended

    @property
    def backlog(self) -> Backlog:
        """What waits to be written."""
        return self._intake.backlog

    def is_growing(self, stream: str) -> bool:
        """Whether an append to ``stream`` is under way: readers may see it before it is told of."""
        return stream in self._growing or (stream == WHOLE_LOG and bool(self._growing))

    async def write_nothing(self) -> None:
        """See whether the log can be written; raises ``LogNotWritable`` where it cannot."""
        if self._closing:
            raise StoreClosed("the store is closed")
        await self._thread.call(self._ledger.write_nothing)

    async def adopt(self, fresh: Fresh) -> None:
        """Put freshly folded tables in the place of the stored ones; appends wait meanwhile."""
        if self._closing:
            raise StoreClosed("the store is closed")
        await self._thread.call(lambda: self._ledger.adopt(fresh))

    async def drain(self) -> None:
        """Accept nothing more, and return when all that was accepted is written."""
        self._closing = True
        self._intake.refuse_waiting()
        while self._intake or self._growing:
            await self._thread.call(lambda: None)  # behind the group that is under way

    async def close(self) -> None:
        """Close the ledger and end the thread; ``drain`` comes first."""
        await self._thread.call(self._ledger.close)
        self._thread.stop()

    def _schedule(self) -> None:
        # Not at once: every task that is ready in this pass of the loop joins the same group.
        if not (self._scheduled or self._growing):
            self._scheduled = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._scheduled = False
        group = self._intake.take_group()
        if group:
            self._growing = frozenset(append.stream for append in group)
            self._thread.submit(
                lambda: self._write(group),
                lambda written, error: self._settle(group, written, error),
            )

    def _write(self, group: list[Append]) -> Written:
        began = time.perf_counter()
        return Written(self._ledger.append(group), time.perf_counter() - began)

    def _settle(
        self, group: list[Append], written: Written | None, error: BaseException | None
    ) -> None:
        self._growing = frozenset()
        if written is None:
            outcomes: list[Outcome] = [_lost(error) for _ in group]
        else:
            outcomes = written.outcomes
        grown: set[str] = set()
        for append, outcome in zip(group, outcomes, strict=True):
            future = append.future  # done already if its caller was cancelled
            if isinstance(outcome, Appended):
                grown.add(append.stream)
                if not future.done():
                    future.set_result(outcome)
            elif not future.done():
                future.set_exception(outcome)
        if grown:
            self._wake(grown)
        if self._intake:
            self._schedule()
        if written is not None:
            self._observer.committed(written.seconds)


def _lost(error: BaseException | None) -> AppendFailed:
    failed = AppendFailed(f"the writer could not roll back its transaction: {error!r}")
    failed.__cause__ = error
    return failed
