"""Appends against raw ``sqlite3``: the same rows, schema, transaction size and durability.

The yardstick inserts the very rows that the store has just written, hashes included, into a fresh
log with ``executemany``, in transactions of the store's own mean size.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter, time_ns
from typing import NamedTuple

import uvloop

from eventstore.connection import connect
from eventstore.events import NewEvent
from eventstore.statements import INSERT, LOG_PAGE
from eventstore.store import EventStore
from tests.benchmarks.table import Row

ROUNDS = 7
PAYLOAD = b'{"progress": 0.25, "message": "' + b"." * 167 + b'"}'
EVENT = NewEvent("progress", PAYLOAD)


class Timing(NamedTuple):
    """Seconds for the same rows: through the store, and raw."""

    store: float
    raw: float


def rows() -> list[Row]:
    """Measure all three shapes of append; a second or two each."""
    return [
        _share("append, 32 at once, 1 event each", _timings(_crowd, 32 * 100), 32 * 100, 0.40),
        _share("append, 100 events in one call", _timings(_batches, 100 * 60), 100 * 60, 0.60),
        _latency("append, one alone", _timings(_one_by_one, 400), 400, 2.5),
    ]


async def _crowd(store: EventStore) -> None:
    async def appender(stream: str) -> None:
        for version in range(100):
            await store.append(stream, [EVENT], version)

    async with asyncio.TaskGroup() as appenders:
        for number in range(32):
            appenders.create_task(appender(f"backtest-{number:036d}"))


async def _batches(store: EventStore) -> None:
    events = [EVENT] * 100
    for number in range(60):
        await store.append("backtest-" + "0" * 36, events, number * 100)


async def _one_by_one(store: EventStore) -> None:
    for version in range(400):
        await store.append("backtest-" + "0" * 36, [EVENT], version)


def _timings(load: Callable[[EventStore], Awaitable[None]], events: int) -> list[Timing]:
    return [_round(load, events) for _ in range(ROUNDS + 1)][1:]  # the first one warms up


def _round(load: Callable[[EventStore], Awaitable[None]], events: int) -> Timing:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.db")
        seconds, transactions = uvloop.run(_through_the_store(path, load))
        return Timing(seconds, _raw(path, Path(folder, "raw.db"), round(events / transactions)))


async def _through_the_store(
    path: Path, load: Callable[[EventStore], Awaitable[None]]
) -> tuple[float, int]:
    transactions = 0

    def clock() -> int:
        nonlocal transactions
        transactions += 1  # the store asks the time once per transaction
        return time_ns() // 1000

    async with await EventStore.open(path, clock=clock) as store:
        start = perf_counter()
        await load(store)
        return perf_counter() - start, transactions


def _raw(written: Path, path: Path, size: int) -> float:
    with sqlite3.connect(written) as log:
        events = iter(log.execute(LOG_PAGE[True], (0, -1)).fetchall())
    log.close()
    groups = list(iter(lambda: list(islice(events, size)), []))
    connection = connect(path)
    start = perf_counter()
    for group in groups:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, group)
        connection.execute("COMMIT")
    seconds = perf_counter() - start
    connection.close()
    return seconds


def _share(what: str, timings: list[Timing], events: int, floor: float) -> Row:
    share = median(timing.raw / timing.store for timing in timings)
    store, raw = (median(seconds) for seconds in zip(*timings, strict=True))
    return Row(
        what,
        f"{events / store:,.0f} events/s",
        f"{events / raw:,.0f} rows/s raw sqlite3",
        f"{share:.0%}",
        f">= {floor:.0%}",
        share >= floor,
    )


def _latency(what: str, timings: list[Timing], appends: int, ceiling: float) -> Row:
    multiple = median(timing.store / timing.raw for timing in timings)
    store, raw = (median(seconds) for seconds in zip(*timings, strict=True))
    return Row(
        what,
        f"{store / appends * 1e6:,.0f} µs",
        f"{raw / appends * 1e6:,.0f} µs raw commit",
        f"{multiple:.2f}x",
        f"<= {ceiling}x",
        multiple <= ceiling,
    )
