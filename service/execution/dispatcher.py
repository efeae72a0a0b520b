"""From the log to the executor and back: every queued run is executed, whatever breaks."""

import logging
from contextlib import aclosing

import anyio
from msgspec import UNSET, UnsetType

from domain.runs import lifecycle
from domain.runs.events import Cancelled, Limit, Queued, code_of, decode, encode
from domain.runs.lifecycle import IllegalMove
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from eventstore.errors import EventStoreError, InvalidArgument, VersionConflict
from eventstore.events import Event
from eventstore.store import EventStore
from service.execution.executor import Executor, ExecutorDied, LimitExceeded
from service.execution.recording import Diverged, Recording
from service.projections import RUN_STREAM, oldest_active, stream_of
from service.runs import get_run, stored_form

logger = logging.getLogger(__name__)

ATTEMPTS_MAX = 3  # in a row, without one new event
RETRY_SECONDS = 1.0


class Dispatcher:
    """Executes the queued runs, oldest first, as many at once as the executor can.

    It keeps no queue of its own: what is queued or running in the projection and not in hand is
    next. So a restart needs no recovery: a run that was under way is executed again, what the log
    already holds of it is compared and skipped, and appending goes on with the next event.
    """

    def __init__(self, store: EventStore, executor: Executor) -> None:
        self._store = store
        self._executor = executor
        self._in_hand: dict[str, anyio.CancelScope] = {}
        self._claiming = anyio.Lock()
        self._wake = anyio.Event()

    async def run(self) -> None:
        """Dispatch until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch, await self._store.head())
            for _ in range(self._executor.capacity):
                tasks.start_soon(self._lane)

    async def _watch(self, position: int) -> None:
        while True:
            try:
                async with aclosing(self._store.follow_all(position)) as pages:
                    async for page in pages:
                        self._react_to(page)
                        position = page[-1].position
                return
            except EventStoreError:
                logger.exception("the log cannot be followed")
                await anyio.sleep(RETRY_SECONDS)

    def _react_to(self, events: list[Event]) -> None:
        for event in events:
            if event.type == "state" and event.stream.startswith(RUN_STREAM):
                self._react(event.stream.removeprefix(RUN_STREAM), event.payload)

    def _react(self, run_id: str, payload: bytes) -> None:
        match decode("state", payload):
            case Queued():
                self._wake.set()
                self._wake = anyio.Event()
            case Cancelled() if run_id in self._in_hand:
                self._in_hand[run_id].cancel()
            case _:
                return

    async def _lane(self) -> None:
        while True:
            # Taken before the query: a run queued after it sets this very event.
            wake = self._wake
            try:
                claimed = await self._claim()
            except EventStoreError:
                logger.exception("the queue cannot be read")
                await anyio.sleep(RETRY_SECONDS)
                continue
            if claimed is None:
                await wake.wait()
                continue
            await self._take_in_hand(*claimed)

    async def _take_in_hand(self, run_id: str, scope: anyio.CancelScope) -> None:
        try:
            with scope:
                await self._execute(run_id)
        except (VersionConflict, IllegalMove):
            logger.info("the run was ended by somebody else", extra={"run_id": run_id})
        except (EventStoreError, OSError):
            # The log refuses, or no engine can be started. The run's turn comes again.
            logger.exception("the run has to wait", extra={"run_id": run_id})
            await anyio.sleep(RETRY_SECONDS)
        except Exception:
            # It stays in hand, so that it is not tried again and again until the next start.
            logger.exception("the run was set aside", extra={"run_id": run_id})
            return
        del self._in_hand[run_id]

    async def _claim(self) -> tuple[str, anyio.CancelScope] | None:
        async with self._claiming:
            for run_id in await oldest_active(self._store, len(self._in_hand) + 1):
                if run_id not in self._in_hand:
                    self._in_hand[run_id] = anyio.CancelScope()
                    return run_id, self._in_hand[run_id]
        return None

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
            except (Diverged, InvalidArgument) as error:
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
