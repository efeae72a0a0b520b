"""Sweeps to conduct, and what they come to when nothing disturbs them."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
from msgspec import UNSET, UnsetType

from domain.optimizations.lifecycle import Optimization
from domain.optimizations.request import OptimizationRequest, normalise
from domain.runs.events import EncodedEvent
from domain.runs.origin import Origin
from eventstore.store import EventStore
from service import clock
from service.execution.executor import Executor
from service.execution.executors import Executors
from service.optimizations.conductor import Conductor
from service.optimizations.optimizations import create_optimization, get_optimization
from service.optimizations.projection import stream_of
from service.projections import stored_projections
from tests.service.execution.in_process import InProcess

SPEC: dict[str, Any] = {
    "name": "periods",
    "search_space": {
        "parameters": [
            {"name": "short_period", "kind": "int_range", "low": 2, "high": 5, "step": 1},
            {"name": "long_period", "kind": "int_range", "low": 8, "high": 20, "step": 4},
        ]
    },
    "max_trials": 40,
    "base_backtest": {
        "symbols": ["MADE"],
        "start_date": "2020-01-01",
        "end_date": "2020-12-31",
        "data_source": "synthetic",
        "strategy": {"name": "ma_crossover"},
    },
}


def sweep_of(**changes: Any) -> OptimizationRequest:
    """The grid of sixteen moving averages on a year of made-up prices, or another sweep."""
    return normalise(msgspec.convert(SPEC | changes, OptimizationRequest))


@asynccontextmanager
async def opened(log: Path) -> AsyncIterator[EventStore]:
    """Open a log as the service does."""
    async with await EventStore.open(
        log, projections=stored_projections(), clock=clock.now_microseconds
    ) as store:
        yield store


@asynccontextmanager
async def conducting(store: EventStore, executor: Executor) -> AsyncIterator[Conductor]:
    """Conduct for the length of the block, and no longer: as if the service were killed then."""
    conductor = Conductor(store, Executors(executor))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(conductor.run)
        yield conductor
        tasks.cancel_scope.cancel()


async def ended(store: EventStore, optimization_id: str) -> Optimization:
    """Wait until nothing more is to come."""
    async with aclosing(store.follow(stream_of(optimization_id))) as pages:
        async for _ in pages:
            if (sweep := await get_optimization(store, optimization_id)).state.final:
                return sweep
    raise AssertionError("the log was closed first")


async def reached(store: EventStore, optimization_id: str, trials: int) -> None:
    """Wait until so many trials have ended."""
    async with aclosing(store.follow(stream_of(optimization_id))) as pages:
        async for _ in pages:
            if (await get_optimization(store, optimization_id)).ended >= trials:
                return


async def content(store: EventStore, optimization_id: str) -> list[EncodedEvent]:
    """What the log holds, without what only the log knows: ids, times, hashes."""
    events = await store.read(stream_of(optimization_id))
    return [EncodedEvent(event.type, event.payload, event.attachment) for event in events]


async def undisturbed(
    log: Path, request: OptimizationRequest, origin: Origin | UnsetType = UNSET
) -> list[EncodedEvent]:
    """Every event of a sweep that was conducted in one go, one trial at a time."""
    async with opened(log) as store, conducting(store, InProcess()):
        sweep = await create_optimization(store, request, None, origin)
        optimization_id = sweep.optimization_id
        await ended(store, optimization_id)
        return await content(store, optimization_id)
