"""The parts of a running service, opened and closed together: log, engines, dispatcher."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio

from eventstore.store import EventStore
from service import clock
from service.execution.dispatcher import Dispatcher
from service.execution.process_pool import ProcessPool
from service.projections import RunsProjection
from service.results import Results
from service.settings import Settings


class Core(NamedTuple):
    """What serves requests, over HTTP or in this process."""

    store: EventStore
    results: Results


@asynccontextmanager
async def open_core(settings: Settings) -> AsyncIterator[Core]:
    """Open the log for writing, start the engines and execute whatever is queued.

    On the way out no new run is begun, the engines are stopped and the log is closed; runs under
    way go on at the next start. Raises ``OpenFailed`` where the log cannot be opened.
    """
    settings.market_path.mkdir(parents=True, exist_ok=True)
    projections = [RunsProjection()]
    pool = ProcessPool(
        settings.engine_processes, [str(settings.market_path), settings.missing_data]
    )
    async with (
        await EventStore.open(
            settings.log_path, projections=projections, clock=clock.now_microseconds
        ) as store,
        pool,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(Dispatcher(store, pool).run)
        yield Core(store, Results(store))
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def open_core_read_only(settings: Settings) -> AsyncIterator[Core]:
    """Open the log for reading only, beside whatever process is writing it."""
    async with await EventStore.open(settings.log_path, read_only=True) as store:
        yield Core(store, Results(store))
