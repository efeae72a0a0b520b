"""A log of a million events of 200 bytes: audited, folded anew, proved, copied; in flat memory."""

import asyncio
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop

from eventstore.audit import check_log
from eventstore.audit_chain import ChainCheck
from eventstore.events import Event
from eventstore.readonly import open_read_only
from eventstore.store import EventStore
from tests.benchmarks.append import EVENT
from tests.benchmarks.processes import peak_memory
from tests.benchmarks.table import Row

EVENTS = 1_000_000
STREAMS = 200
APPEND_EVENTS = 1_000
VERIFY_FLOOR = 250_000
REBUILD_FLOOR = 150_000
PROOF_MILLISECONDS_MAX = 20
MEBIBYTES_MAX = 64
PEAK = Path("/proc/self/clear_refs")


class EventsPerStream:
    """As little work as a projection can do, so that the plumbing is what is measured."""

    name = "events_per_stream"
    version = 1

    def create(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "CREATE TABLE events_per_stream (stream TEXT PRIMARY KEY, events INTEGER) STRICT"
        )

    def drop(self, connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE IF EXISTS events_per_stream")

    def apply(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        counts = Counter([event.stream for event in events])
        connection.executemany(
            "INSERT INTO events_per_stream VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET events = events + excluded.events",
            counts.items(),
        )


def rows() -> list[Row]:
    """Write the log once, then measure everything on it."""
    if not PEAK.exists():
        return [Row("a million events: needs Linux's /proc", "", "", "", "", True)]
    with tempfile.TemporaryDirectory() as folder:
        return uvloop.run(_measure(Path(folder, "log.db")))


async def _measure(log: Path) -> list[Row]:
    async with await EventStore.open(log, projections=[EventsPerStream()]) as store:
        await _write(store)
        before = _forget_peak()
        result = [
            _rate("verify chain", await _timed(asyncio.to_thread(_chain, log)), VERIFY_FLOOR),
            _rate("audit, whole", await _timed(asyncio.to_thread(_audit, log)), 0),
            _rate(
                "rebuild a projection",
                await _timed(store.rebuild("events_per_stream")),
                REBUILD_FLOOR,
            ),
            _rate("compare a projection", await _timed(store.compare("events_per_stream")), 0),
            _rate("Merkle tree, first root after a start", await _timed(store.tree_root()), 0),
            await _proofs(store),
            _rate("backup, audited", await _timed(store.backup(log.with_name("backup.db"))), 0),
        ]
        grown = peak_memory(os.getpid()) - before
    what = f"{EVENTS:,} events: memory that all this took"
    return [
        *result,
        Row(what, f"{grown:.0f} MiB", "", "", f"<= {MEBIBYTES_MAX} MiB", grown <= MEBIBYTES_MAX),
    ]


def _forget_peak() -> float:
    PEAK.write_text("5")  # proc(5), clear_refs
    return peak_memory(os.getpid())


async def _write(store: EventStore) -> None:
    events = [EVENT] * APPEND_EVENTS
    for number in range(EVENTS // APPEND_EVENTS):
        stream, version = number % STREAMS, number // STREAMS * APPEND_EVENTS
        await store.append(f"backtest-{stream:036d}", events, version)


def _chain(log: Path) -> None:
    with closing(open_read_only(log)) as connection:
        assert sum(map(len, ChainCheck(connection).pages())) == EVENTS


def _audit(log: Path) -> None:
    report = check_log(log)
    assert (report.events, report.findings) == (EVENTS, []), report


async def _timed(work: Awaitable[Any]) -> float:
    start = perf_counter()
    await work
    return perf_counter() - start


async def _proofs(store: EventStore) -> Row:
    ours = []
    for position in range(1, EVENTS, EVENTS // 50):
        size = EVENTS - position % 997
        ours.append(1e3 * await _timed(store.inclusion(min(position, size), size)))
        ours.append(1e3 * await _timed(store.consistency(min(position, size), size)))
    slowest = max(ours)
    return Row(
        f"proof of inclusion or consistency among {EVENTS:,} events, slowest of {len(ours)}",
        f"{slowest:.1f} ms",
        "",
        "",
        f"<= {PROOF_MILLISECONDS_MAX} ms",
        slowest <= PROOF_MILLISECONDS_MAX,
    )


def _rate(what: str, seconds: float, floor: int) -> Row:
    rate = EVENTS / seconds
    return Row(
        f"{what}, {EVENTS:,} events",
        f"{rate:,.0f} events/s",
        "",
        "",
        f">= {floor:,}" if floor else "",
        rate >= floor,
    )
