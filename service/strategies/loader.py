"""Questions about users' strategies, answered in processes that load them."""

from collections import defaultdict
from pathlib import Path

import anyio

from service.strategies.library import Entry, Library
from service.strategies.loading_process import LoadingProcess, ProcessEnded
from service.strategies.messages import Answer, Describe, Question

LOAD_SECONDS_MAX = 10.0
FORGET_SECONDS = 60.0  # it may have been the machine that was slow
PROCESSES_MAX = 4


class LoadingFailed(Exception):
    """A user's code gave no answer; the message, which goes on after its name, says why."""


class Loader:
    """Answers questions about different strategies side by side, about one of them in turn.

    A file that has not been loaded in time is not tried again for a minute, unless its bytes
    change. A process is started when one is needed and one is kept; what takes too long is ended.
    """

    def __init__(
        self, folder: Path | None, memory_mib_max: int, seconds_max: float = LOAD_SECONDS_MAX
    ) -> None:
        self._library = Library(folder)
        self._arguments = [str(folder or ""), str(memory_mib_max)]
        self._seconds_max = seconds_max
        self._turns: defaultdict[Entry, anyio.Lock] = defaultdict(anyio.Lock)
        # Of a file: the SHA-256 that was loaded last, and until when it is known to hang.
        self._loaded: dict[Entry, tuple[str, float]] = {}
        self._places = anyio.Semaphore(PROCESSES_MAX)
        self._processes: set[LoadingProcess] = set()
        self._idle: LoadingProcess | None = None

    async def ask(self, entry: Entry, question: Question) -> Answer:
        """Give the answer to a question about ``entry``, while which its code may run.

        Raises ``LoadingFailed``.
        """
        async with self._turns[entry]:
            digest = await anyio.to_thread.run_sync(self._library.digest, entry)
            too_long = f"is not loaded after {self._seconds_max:g} seconds: does it ever end?"
            try:
                if digest is not None and not await self._loads(entry, digest):
                    raise LoadingFailed(f"{too_long} It is tried again in a minute")
                return await self._answer(question)
            except TimeoutError:
                raise LoadingFailed(too_long) from None
            except ProcessEnded:
                raise LoadingFailed("ended the process that was to load it") from None

    async def close(self) -> None:
        """End all processes."""
        for process in list(self._processes):
            await process.close()

    async def _loads(self, entry: Entry, digest: str) -> bool:
        known, hangs_until = self._loaded.get(entry, (None, 0.0))
        if known != digest or 0.0 < hangs_until <= anyio.current_time():
            hangs_until = 0.0
            try:
                # Asked without parameters, which may be what another question hangs on.
                await self._answer(Describe(entry))
            except TimeoutError:
                hangs_until = anyio.current_time() + FORGET_SECONDS
            self._loaded[entry] = digest, hangs_until
        return hangs_until == 0.0

    async def _answer(self, question: Question) -> Answer:
        async with self._places:
            process = await self._borrow()
            try:
                with anyio.fail_after(self._seconds_max):
                    answer = await process.ask(question)
            except BaseException:
                # Its answer must not be taken for that to the next question.
                await self._end(process)
                raise
            # Before anything is waited for: another may look for the idle one meanwhile.
            surplus, self._idle = self._idle, process
            if surplus is not None:
                await self._end(surplus)
            return answer

    async def _borrow(self) -> LoadingProcess:
        process, self._idle = self._idle, None
        if process is not None and process.alive:
            return process
        if process is not None:
            await self._end(process)
        process = await LoadingProcess.start(self._arguments)
        self._processes.add(process)
        return process

    async def _end(self, process: LoadingProcess) -> None:
        await process.close()
        self._processes.discard(process)
