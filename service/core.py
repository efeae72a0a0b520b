"""The parts of a running service, opened and closed together: log, engines, dispatcher."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eventstore.store import EventStore
from service import clock
from service.audit.key import open_key, public_hex
from service.execution.child_process import ChildProcess
from service.execution.dispatcher import Dispatcher
from service.execution.process_pool import ProcessPool
from service.feed.feed import Feed
from service.market_data.catalog import Catalog
from service.projections import stored_projections
from service.report.reports import Reports
from service.results import Results
from service.settings import Settings
from service.strategies.strategies import Strategies

logger = logging.getLogger(__name__)


class Core(NamedTuple):
    """What serves requests, over HTTP or in this process; no ``engines`` where it only reads."""

    store: EventStore
    results: Results
    audit_key: Ed25519PrivateKey
    feed: Feed
    strategies: Strategies
    engines: ProcessPool | None
    reports: Reports


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
    async with (
        _strategies(settings) as strategies,
        await EventStore.open(
            settings.log_path, projections=stored_projections(), clock=clock.now_microseconds
        ) as store,
    ):
        key = _audit_key(settings, await store.head())
        pool = ProcessPool(
            settings.engine_processes,
            settings.engine_arguments,
            settings.run_seconds_max,
            started,
        )
        async with pool, anyio.create_task_group() as tasks:
            tasks.start_soon(Dispatcher(store, pool).run)
            reports = Reports(store, Catalog(settings.market_path))
            yield Core(store, Results(store), key, Feed(store), strategies, pool, reports)
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def open_core_read_only(settings: Settings) -> AsyncIterator[Core]:
    """Open the log for reading only, beside whatever process is writing it."""
    async with (
        _strategies(settings) as strategies,
        await EventStore.open(settings.log_path, read_only=True) as store,
    ):
        key = _audit_key(settings, await store.head())
        reports = Reports(store, Catalog(settings.market_path))
        yield Core(store, Results(store), key, Feed(store), strategies, None, reports)


def _strategies(settings: Settings) -> Strategies:
    return Strategies(settings.strategies, settings.run_memory_mib_max)


def _audit_key(settings: Settings, events: int) -> Ed25519PrivateKey:
    # A new log's first key is no news; a log's second one is to whoever compares signatures.
    new = events > 0 and not settings.audit_key_path.exists()
    key = open_key(settings.audit_key_path)
    if new:
        logger.warning("a new audit key was made: %s", public_hex(key))
    return key
