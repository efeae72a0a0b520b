"""The parts of a running service, opened and closed together: log, engines, who works them."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.optimizations.lifecycle import Optimization
from domain.runs.lifecycle import Run
from eventstore.errors import OpenFailed
from eventstore.store import EventStore
from service import clock
from service.audit.key import open_key, public_hex
from service.execution.child_process import ChildProcess
from service.execution.dispatcher import Dispatcher
from service.execution.executor import Executor
from service.execution.executors import Executors, open_executors
from service.feed.feed import Feed
from service.http.cursors import Cursors
from service.idempotency import IdempotencyKeys
from service.lists.pages import Lists
from service.lists.subjects import OPTIMIZATIONS, RUNS
from service.market_data.catalog import Catalog
from service.metrics.writing import Writing
from service.optimizations.conductor import Conductor
from service.optimizations.results import OptimizationResults
from service.optimizations.statuses import OptimizationStatuses
from service.parts.parts import Parts
from service.projections import stored_projections
from service.readiness import Readiness, readiness_of
from service.report.optimizations.reports import OptimizationReports
from service.report.reports import Reports
from service.results import Results
from service.settings import Settings
from service.statuses import RunStatuses
from service.strategies.strategies import Strategies
from service.waiting import Queue

logger = logging.getLogger(__name__)


class Core(NamedTuple):
    """What serves requests, over HTTP or in this process.

    No ``engines`` and no ``conductor`` where it only reads. ``stopping`` is set when the service
    has been told to stop.
    """

    store: EventStore
    results: Results
    parts: Parts
    audit_key: Ed25519PrivateKey
    feed: Feed
    strategies: Strategies
    idempotency: IdempotencyKeys
    engines: Executor | None
    reports: Reports
    optimization_results: OptimizationResults
    optimization_reports: OptimizationReports
    statuses: RunStatuses
    optimization_statuses: OptimizationStatuses
    run_lists: Lists[Run]
    optimization_lists: Lists[Optimization]
    cursors: Cursors
    queue: Queue
    readiness: Readiness
    stopping: anyio.Event
    writing: Writing
    conductor: Conductor | None = None


@asynccontextmanager
async def open_core(
    settings: Settings, started: Sequence[ChildProcess] = ()
) -> AsyncIterator[Core]:
    """Open the log for writing, start the engines and execute whatever is queued.

    ``started``: engines that run already. On the way out no new run is begun, the engines are
    stopped and the log is closed; runs under way go on at the next start. Raises ``OpenFailed``
    where the log cannot be opened and ``EvidenceError`` where the audit key cannot be used.
    """
    settings.market_path.mkdir(parents=True, exist_ok=True)
    writing = Writing()
    async with (
        _strategies(settings) as strategies,
        await EventStore.open(
            settings.log_path,
            projections=stored_projections(),
            clock=clock.now_microseconds,
            observer=writing,
        ) as store,
    ):
        core = await reading_core(settings, store, strategies)
        async with (
            open_executors(settings, started) as executors,
            anyio.create_task_group() as tasks,
        ):
            conductor = Conductor(store, executors)
            tasks.start_soon(_dispatch, store, executors)
            tasks.start_soon(conductor.run)
            tasks.start_soon(executors.own.tend)
            yield core._replace(
                engines=executors.own,
                conductor=conductor,
                readiness=readiness_of(settings, store, writing, executors.own),
                writing=writing,
                optimization_statuses=OptimizationStatuses(store, conductor),
            )
            tasks.cancel_scope.cancel()


async def _dispatch(store: EventStore, executors: Executors) -> None:
    await executors.settled()
    await Dispatcher(store, executors.own).run()


@asynccontextmanager
async def open_core_read_only(settings: Settings) -> AsyncIterator[Core]:
    """Open the log for reading only, beside whatever process is writing it.

    Raises ``OpenFailed`` also for a log whose tables another release has made.
    """
    async with (
        _strategies(settings) as strategies,
        await EventStore.open(settings.log_path, read_only=True) as store,
    ):
        await _require_tables_of_this_release(store)
        yield await reading_core(settings, store, strategies)


async def _require_tables_of_this_release(store: EventStore) -> None:
    versions = dict(await store.query("SELECT name, version FROM projections"))
    for projection in stored_projections():
        if versions.get(projection.name) != projection.version:
            raise OpenFailed(
                f"the tables of {projection.name} in this log are those of another release; "
                "start the service of this one once, which folds them anew from the log"
            )


async def reading_core(settings: Settings, store: EventStore, strategies: Strategies) -> Core:
    """What answers from an open log, without engines. Raises ``EvidenceError``."""
    audit_key = _audit_key(settings, await store.head())
    return Core(
        store=store,
        results=Results(store),
        parts=Parts(store),
        audit_key=audit_key,
        feed=Feed(store),
        queue=Queue(store, settings.queue_max, settings.queue_per_key_max),
        readiness=readiness_of(settings, store, Writing(), None),
        stopping=anyio.Event(),
        writing=Writing(),
        strategies=strategies,
        idempotency=IdempotencyKeys(store),
        engines=None,
        reports=Reports(store, Catalog(settings.market_path)),
        optimization_results=OptimizationResults(store),
        optimization_reports=OptimizationReports(store),
        statuses=RunStatuses(store),
        optimization_statuses=OptimizationStatuses(store),
        run_lists=Lists(store, RUNS),
        optimization_lists=Lists(store, OPTIMIZATIONS),
        cursors=Cursors(store.log_id, audit_key.private_bytes_raw()),
    )


def _strategies(settings: Settings) -> Strategies:
    return Strategies(settings.strategies, settings.run_memory_mib_max)


def _audit_key(settings: Settings, events: int) -> Ed25519PrivateKey:
    # A new log's first key is no news; a log's second one is to whoever compares signatures.
    new = events > 0 and not settings.audit_key_path.exists()
    key = open_key(settings.audit_key_path)
    if new:
        logger.warning("a new audit key was made: %s", public_hex(key))
    return key
