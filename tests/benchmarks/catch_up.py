"""Readers that never stop, beside 32 appenders: what they cost, and how large the WAL becomes.

The readers are in a process of their own, as a consumer beside the service is. Each reads the whole
log over and over, a page every few milliseconds: about what one WebSocket replays at its fastest.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import uvloop

from eventstore.store import EventStore
from tests.benchmarks.append import EVENT
from tests.benchmarks.table import Row

APPENDERS = 32
APPENDS = 150
ROUNDS = 5
LOSS_MAX = 0.20
WAL_MEBIBYTES_MAX = 64

READER = """
import asyncio, sys
from eventstore.store import EventStore

events = 0

async def read(store):
    global events
    while True:
        cursor = 0
        while page := await store.read_all(cursor, 500, attachments=False):
            cursor = page[-1].position
            events += len(page)
            await asyncio.sleep(0.005)

async def main():
    async with await EventStore.open(sys.argv[1], read_only=True) as store:
        async with asyncio.TaskGroup() as tasks:
            readers = [tasks.create_task(read(store)) for _ in range(2)]
            print("reading", flush=True)
            await asyncio.to_thread(sys.stdin.read)
            for reader in readers:
                reader.cancel()
    print(events)

asyncio.run(main())
"""


def rows() -> list[Row]:
    """Append alone and beside readers, in turns, on one log that grows."""
    with tempfile.TemporaryDirectory() as folder:
        return uvloop.run(_measure(Path(folder, "log.db")))


async def _measure(log: Path) -> list[Row]:
    alone: list[float] = []
    beside: list[float] = []
    read = 0
    async with await EventStore.open(log) as store:
        await _seconds(store, -1)
        for number in range(ROUNDS):
            alone.append(await _seconds(store, 2 * number))
            reader = _start_reader(log)
            beside.append(await _seconds(store, 2 * number + 1))
            read += int(reader.communicate()[0])
        wal = log.with_name("log.db-wal").stat().st_size / (1 << 20)
    events = APPENDERS * APPENDS
    share = median(one / other for one, other in zip(alone, beside, strict=True))
    return [
        Row(
            f"append, 32 at once, while others catch up at {read / sum(beside):,.0f} events/s",
            f"{events / median(beside):,.0f} events/s",
            f"{events / median(alone):,.0f} events/s alone",
            f"{share:.0%}",
            f">= {1 - LOSS_MAX:.0%}",
            share >= 1 - LOSS_MAX,
        ),
        Row(
            "WAL beside readers that never stop",
            f"{wal:.0f} MiB",
            "",
            "",
            f"<= {WAL_MEBIBYTES_MAX} MiB",
            wal <= WAL_MEBIBYTES_MAX,
        ),
    ]


async def _seconds(store: EventStore, number: int) -> float:
    async def appender(stream: str) -> None:
        for version in range(APPENDS):
            await store.append(stream, [EVENT], version)

    start = perf_counter()
    async with asyncio.TaskGroup() as appenders:
        for one in range(APPENDERS):
            appenders.create_task(appender(f"backtest-{number}-{one:030d}"))
    return perf_counter() - start


def _start_reader(log: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process
