"""The writer: one thread that owns the ledger, fed with groups of appends from the event loop.

At most one group is under way. What is appended meanwhile waits and becomes the next group, so
that one fsync pays for as many appends as there are.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from eventstore.append import Append
from eventstore.errors import AppendFailed, StoreClosed
from eventstore.events import Appended, NewEvent
from eventstore.fresh import Fresh
from eventstore.intake import Intake
from eventstore.ledger import Ledger, Outcome
from eventstore.limits import Limits
from eventstore.projection import Projection
from eventstore.thread import WorkThread


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
    ) -> None:
        self._thread = thread
        self._ledger = ledger
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._intake = Intake(limits, self._loop)
        self._under_way = False
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
    ) -> "Writer":
        """Start the thread and open the ledger in it; raises what ``Ledger`` raises."""
        thread = WorkThread(f"eventstore-writer {path.name}")
        try:
            ledger = await thread.call(lambda: Ledger(path, projections, clock, limits))
        except BaseException:
            thread.stop()
            raise
        return cls(thread, ledger, limits, wake)

    async def append(
        self, stream: str, events: Sequence[NewEvent], expected_version: int, size: int
    ) -> Appended:
        """Write the events and answer once they are on disk."""
        if self._closing:
            raise StoreClosed("the store is closed")
        append = Append(stream, events, expected_version, size, self._loop.create_future())
        self._intake.add(append)
        self._schedule()
        return await append.future

    async def adopt(self, fresh: Fresh) -> None:
        """Put freshly folded tables in the place of the stored ones; appends wait meanwhile."""
        if self._closing:
            raise StoreClosed("the store is closed")
        await self._thread.call(lambda: self._ledger.adopt(fresh))

    async def drain(self) -> None:
        """Accept nothing more, and return when all that was accepted is written."""
        self._closing = True
        self._intake.refuse_waiting()
        while self._intake or self._under_way:
            await self._thread.call(lambda: None)  # behind the group that is under way

    async def close(self) -> None:
        """Close the ledger and end the thread; ``drain`` comes first."""
        await self._thread.call(self._ledger.close)
        self._thread.stop()

    def _schedule(self) -> None:
        # Not at once: every task that is ready in this pass of the loop joins the same group.
        if not (self._scheduled or self._under_way):
            self._scheduled = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._scheduled = False
        group = self._intake.take_group()
        if group:
            self._under_way = True
            self._thread.submit(
                lambda: self._ledger.append(group),
                lambda outcomes, error: self._settle(group, outcomes, error),
            )

    def _settle(
        self, group: list[Append], outcomes: list[Outcome] | None, error: BaseException | None
    ) -> None:
        self._under_way = False
        if outcomes is None:
            outcomes = [_lost(error) for _ in group]
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


def _lost(error: BaseException | None) -> AppendFailed:
    failed = AppendFailed(f"the writer could not roll back its transaction: {error!r}")
    failed.__cause__ = error
    return failed
