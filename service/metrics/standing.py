"""What there is at one moment: runs, followers, files; asked when somebody wants to know."""

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

import anyio

from domain.optimizations.lifecycle import SweepState
from domain.runs.lifecycle import RunState
from eventstore.intake import Backlog
from eventstore.store import EventStore
from eventstore.wal import Sizes
from service.core import Core
from service.execution.executor import Workforce
from service.feed.feed import Follower
from service.optimizations.projection import OPTIMIZATION_STREAM

NOBODY = Workforce(0, 0, 0, None)


class Following(NamedTuple):
    """Who follows runs, optimizations and the log, and by how many events they are behind."""

    followers: Mapping[str, int]
    behind: int
    lag_max: int


class Standing(NamedTuple):
    """How the service stands."""

    log_id: str
    head: int
    backlog: Backlog
    sizes: Sizes
    disk_free: int
    runs: Mapping[str, int]
    optimizations: Mapping[str, int]
    following: Following
    capacity: int
    workforce: Workforce


async def standing_of(core: Core) -> Standing:
    """Ask the parts of a service."""
    store, engines = core.store, core.engines
    disk = await anyio.to_thread.run_sync(shutil.disk_usage, store.path.parent)
    return Standing(
        log_id=store.log_id,
        head=await store.head(),
        backlog=store.backlog,
        sizes=store.sizes(),
        disk_free=disk.free,
        runs=await _by_state(store, "runs", RunState),
        optimizations=await _by_state(store, "optimizations", SweepState),
        following=await _following(store, core.feed.followers),
        capacity=engines.capacity if engines else 0,
        workforce=engines.workforce if engines else NOBODY,
    )


async def _by_state(store: EventStore, table: str, states: Iterable[Enum]) -> dict[str, int]:
    counted = await store.query(f"SELECT state, count(*) FROM {table} GROUP BY state")
    return dict.fromkeys((state.value for state in states), 0) | dict(counted)


async def _following(store: EventStore, followers: list[Follower]) -> Following:
    # The heads are read after the cursors, so that nobody is ahead.
    cursors = [(follower.stream, follower.cursor) for follower in followers]
    heads = await store.heads({stream for stream, _ in cursors if stream is not None})
    head = await store.head()
    lags = [(head if stream is None else heads[stream]) - cursor for stream, cursor in cursors]
    kinds = Counter({"run": 0, "optimization": 0, "log": 0})
    kinds.update(_kind(stream) for stream, _ in cursors)
    return Following(kinds, sum(lag > 0 for lag in lags), max(lags, default=0))


def _kind(stream: str | None) -> str:
    if stream is None:
        return "log"
    return "optimization" if stream.startswith(OPTIMIZATION_STREAM) else "run"
