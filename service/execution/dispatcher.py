"""From the log to the executor and back: every queued run is executed, whatever breaks."""

import logging
from contextlib import aclosing

import anyio
from msgspec import UNSET, UnsetType

from domain.runs import lifecycle
from domain.runs.events import Limit, Queued, code_of, decode, encode
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from eventstore.errors import InvalidArgument
from eventstore.store import EventStore
from service.execution.executor import (
    Executor,
    ExecutorDied,
    ExecutorUnavailable,
    LimitExceeded,
)
from service.execution.lanes import RETRY_SECONDS, Lanes, Work
from service.execution.recording import Diverged, Recording
from service.projections import RUN_STREAM, oldest_active, stream_of
from service.runs import get_run, stored_form

logger = logging.getLogger(__name__)

ATTEMPTS_MAX = 3  # in a row, without one new event


class Dispatcher:
    """Executes the queued runs, oldest first, as many at once as the executor can.

    A run that was under way at a restart is executed again, what the log already holds of it is
    compared and skipped, and appending goes on with the next event.
    """

    def __init__(self, store: EventStore, executor: Executor) -> None:
        self._store = store
        self._executor = executor

    async def run(self) -> None:
        """Dispatch until cancelled."""
        work = Work(RUN_STREAM, oldest_active, self._execute)
        await Lanes(self._store, work, self._executor.capacity).run()

    async def _execute(self, run_id: str) -> None:
        (first,) = await self._store.read(stream_of(run_id), limit=1)
        queued = decode(first.type, first.payload)
        assert isinstance(queued, Queued)
        code = code_of(queued, first.attachment)
        deaths = reached = 0
        while deaths < ATTEMPTS_MAX:
            try:
                await self._append_all(run_id, queued.request, code)
            except ExecutorDied as error:
                died = str(error)
                logger.warning("an engine died", extra={"run_id": run_id, "error": died})
                if not error.began:
                    # Engines that cannot even start fail no run; it waits until they can.
                    await anyio.sleep(RETRY_SECONDS)
                before, reached = reached, await self._store.head(stream_of(run_id))
                deaths = error.began + (deaths if reached == before else 0)
            except (Diverged, ExecutorUnavailable, InvalidArgument) as error:
                # Another attempt would come to the same.
                await self._fail(run_id, str(error))
                return
            except LimitExceeded as error:
                await self._fail(run_id, str(error), error.limit)
                return
            else:
                return
        await self._fail(run_id, f"{died}, {ATTEMPTS_MAX} times in a row while executing this run")

    async def _append_all(self, run_id: str, request: BacktestRequest, code: Code | None) -> None:
        stream = stream_of(run_id)
        version = await self._store.head(stream)
        recording = Recording(self._store, stream, after=1)
        async with aclosing(self._executor.execute(run_id, request, code)) as batches:
            async for batch in batches:
                if unseen := await recording.unseen(batch):
                    appended = await self._store.append(stream, stored_form(unseen), version)
                    version = appended.version

    async def _fail(self, run_id: str, error: str, exceeded: Limit | UnsetType = UNSET) -> None:
        stream = stream_of(run_id)
        version = await self._store.head(stream)
        failed = lifecycle.fail(await get_run(self._store, run_id), error, exceeded)
        await self._store.append(stream, stored_form([encode(failed)]), version)
