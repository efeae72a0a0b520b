"""Replay of a stored stream over a WebSocket against one constant frame, same size and number."""

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import uvloop

from domain.runs.events import Completed, Logged, encode
from domain.runs.request import BacktestRequest
from eventstore.store import EventStore
from service.projections import RunsProjection, stream_of
from service.runs import create_run, stored_form
from tests.benchmarks.constant_stream import PATH
from tests.benchmarks.frames import text_frames
from tests.benchmarks.processes import Serving, running, service
from tests.benchmarks.table import Row, spread

EVENTS = 50_000
APPEND_EVENTS = 10_000
ROUNDS = 5
FLOOR = 0.50
REQUEST = BacktestRequest(symbols=["AAPL"], start_date="2024-01-01", end_date="2024-12-31")
LINE = Logged("bought 100 AAPL at the open, 187.15 with slippage and commission; " + "." * 40)


class Timing(NamedTuple):
    """Frames per second of one round: from the log, and of the constant."""

    replay: float
    constant: float


def rows() -> list[Row]:
    """Replay the same run again and again, by turns with the yardstick."""
    with tempfile.TemporaryDirectory() as folder:
        run_id = uvloop.run(_record(Path(folder)))
        with service(Path(folder), 1) as serving:
            path = f"/backtests/{run_id}/stream"
            frames = list(text_frames(serving, path))
            size = round(sum(map(len, frames)) / len(frames))
            with running(
                "tests.benchmarks.constant_stream", str(size), str(len(frames))
            ) as yardstick:
                _rate(yardstick, PATH, len(frames))
                timings = [
                    Timing(_rate(serving, path, len(frames)), _rate(yardstick, PATH, len(frames)))
                    for _ in range(ROUNDS)
                ]
    share = median(timing.replay / timing.constant for timing in timings)
    replay, constant = zip(*timings, strict=True)
    return [
        Row(
            f"replay of {len(frames):,} stored events, frames of {size} bytes",
            f"{spread(replay)} frames/s",
            f"{spread(constant)} frames/s, a constant",
            f"{share:.0%}",
            f">= {FLOOR:.0%}",
            share >= FLOOR,
        )
    ]


async def _record(folder: Path) -> str:
    """Write a completed run of ``EVENTS`` log events, as the service would."""
    line, end = stored_form([encode(LINE), encode(Completed("0" * 64))])
    async with await EventStore.open(folder / "log.db", projections=[RunsProjection()]) as store:
        run = await create_run(store, REQUEST)
        stream = stream_of(run.run_id)
        for version in range(1, EVENTS, APPEND_EVENTS):
            await store.append(stream, [line] * APPEND_EVENTS, version)
        await store.append(stream, [end], EVENTS + 1)
    return run.run_id


def _rate(serving: Serving, path: str, frames: int) -> float:
    start = perf_counter()
    received = sum(1 for _ in text_frames(serving, path))
    seconds = perf_counter() - start
    assert received == frames, received
    return frames / seconds
