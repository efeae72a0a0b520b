"""Runs to execute, what they must come to, and how to wait for them."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from msgspec import UNSET, UnsetType

from domain.market.resolution import Resolution
from domain.runs import lifecycle
from domain.runs.events import EncodedEvent, Failed, decode, encode
from domain.runs.lifecycle import Run
from domain.runs.origin import Origin
from domain.runs.request import BacktestRequest, StrategySpec, normalise
from domain.strategies.code import Code
from eventstore.events import Event
from eventstore.limits import Limits
from eventstore.store import EventStore
from service import clock
from service.execution.dispatcher import Dispatcher
from service.execution.executor import Executor
from service.execution.job import execute
from service.market_data.catalog import Catalog
from service.projections import RunsProjection, stream_of
from service.runs import get_run

NO_PRICES = Path("there are no prices here")


def request_of(strategy: str = "buy_and_hold", **params: Any) -> BacktestRequest:
    """A short run on made-up prices: a few events."""
    asked = BacktestRequest(
        symbols=["MADE", "UP"],
        start_date="2024-01-01",
        end_date="2024-12-31",
        strategy=StrategySpec(strategy, params),
        data_source="synthetic",
    )
    return normalise(asked)


def long_request() -> BacktestRequest:
    """Half a million bars, 130 events and four megabytes: most of a second for an engine."""
    asked = BacktestRequest(
        symbols=["ONE", "TWO", "THREE"],
        start_date="2024-01-01",
        end_date="2024-12-31",
        resolution=Resolution.MINUTE,
        data_source="synthetic",
    )
    return normalise(asked)


def undisturbed(
    request: BacktestRequest,
    catalog: Path = NO_PRICES,
    code: Code | None = None,
    origin: Origin | UnsetType = UNSET,
) -> list[EncodedEvent]:
    """All events of the run, simulated in this process and in one go."""
    batches = execute(request, Catalog(catalog), "fail", code)
    first = lifecycle.queue(None, request, code, origin)
    queued = encode(first, None if code is None else code.source)
    return [queued, *(event for batch in batches for event in batch)]


def content(events: list[Event]) -> list[EncodedEvent]:
    """What the log holds, without what only the log knows: ids, times, hashes."""
    return [EncodedEvent(event.type, event.payload, event.attachment) for event in events]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not condition():  # noqa: ASYNC110 (it is so by what other processes do)
        await anyio.sleep(0.005)


async def recorded(store: EventStore, run_id: str) -> list[Event]:
    """Every stored event of the run, which number 1, 2, 3 … without a gap."""
    events = await store.read(stream_of(run_id))
    assert [event.event_id for event in events] == list(range(1, len(events) + 1))
    return events


async def reached(store: EventStore, run_id: str, event_id: int) -> None:
    """Wait until the run's stream holds so many events."""
    async with aclosing(store.follow(stream_of(run_id))) as pages:
        async for page in pages:
            if page[-1].event_id >= event_id:
                return


async def ended(store: EventStore, run_id: str) -> Run:
    """Wait until the run is over."""
    async with aclosing(store.follow(stream_of(run_id))) as pages:
        async for _ in pages:
            if (run := await get_run(store, run_id)).state.final:
                return run
    raise AssertionError("the log was closed first")


async def error_of(store: EventStore, run_id: str) -> str:
    """Wait until the run has failed; its error."""
    await ended(store, run_id)
    last = (await recorded(store, run_id))[-1]
    failed = decode(last.type, last.payload)
    assert isinstance(failed, Failed)
    return failed.error


@asynccontextmanager
async def opened(log: Path, limits: Limits | None = None) -> AsyncIterator[EventStore]:
    """Open a log with the projection of runs."""
    async with await EventStore.open(
        log,
        projections=[RunsProjection()],
        clock=clock.now_microseconds,
        limits=limits or Limits(),
    ) as store:
        yield store


@asynccontextmanager
async def dispatching(store: EventStore, executor: Executor) -> AsyncIterator[None]:
    """Dispatch for the length of the block."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Dispatcher(store, executor).run)
        yield
        tasks.cancel_scope.cancel()
