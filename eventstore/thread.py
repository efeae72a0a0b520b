"""A thread that does one piece of work after another and reports to the event loop."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
Done = Callable[[Any, BaseException | None], None]
Work = tuple[Callable[[], Any], Done]


class WorkThread:
    """Runs work in the order given; each outcome comes back to the loop that made the thread.

    A daemon: a process that ends without closing its store is not held up by it.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(
        self,
        work: Callable[[], Result],
        done: Callable[[Result | None, BaseException | None], None],
    ) -> None:
        """Do ``work`` in the thread, then ``done(result, error)`` in the loop."""
        self._work.put((work, done))

    async def call(self, work: Callable[[], Result]) -> Result:
        """Do ``work`` in the thread and return what it returns; a cancelled caller leaves it be."""
        future: asyncio.Future[Result] = self._loop.create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit(work, done)
        return await future

    def stop(self) -> None:
        """End the thread after the work that was already given."""
        self._work.put(None)

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            work, done = item
            result, error = None, None
            try:
                result = work()
            except BaseException as raised:
                error = raised
            try:
                self._loop.call_soon_threadsafe(done, result, error)
            except RuntimeError:  # the loop was closed before the store: nobody is left to tell
                return
