"""Replay of a stored stream over a WebSocket against one constant frame, same size and number."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

import uvloop

from domain.runs.events import Completed, Logged, encode
from domain.runs.request import BacktestRequest
from eventstore.store import EventStore
from service.projections import RunsProjection, stream_of
from service.runs import create_run, stored_form
from tests.benchmarks.constant_stream import PATH, PROTOCOLS
from tests.benchmarks.frames import text_frames
from tests.benchmarks.processes import Serving, running, service
from tests.benchmarks.table import Row, spread

EVENTS = 100_000
APPEND_EVENTS = 10  # those of one append share their timestamp
ROUNDS = 7
FLOOR = 0.70
REQUEST = BacktestRequest(symbols=["AAPL"], start_date="2024-01-01", end_date="2024-12-31")
LINE = Logged("bought 100 AAPL at the open, 187.15 with slippage and commission; " + "." * 40)


def rows() -> list[Row]:
    """Replay the same run again and again, by turns with the yardsticks."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        path = f"/backtests/{uvloop.run(_record(Path(folder)))}/stream"
        serving = servers.enter_context(service(Path(folder), engines=1))
        frames = list(text_frames(serving, path))
        size = round(sum(map(len, frames)) / len(frames))
        constants = [
            servers.enter_context(
                running("tests.benchmarks.constant_stream", protocol, str(size), str(len(frames)))
            )
            for protocol in PROTOCOLS
        ]
        rates = [
            [_rate(serving, path), *(_rate(constant, PATH) for constant in constants)]
            for _ in range(ROUNDS + 1)
        ][1:]  # the first one warms up
    replay, stock, gathering = zip(*rates, strict=True)
    what = f"replay of {len(frames):,} stored events, {size} bytes a frame"
    ours = f"{spread(replay)} frames/s"
    share = median(ours / theirs for ours, theirs, _ in rates)
    return [
        Row(
            what,
            ours,
            f"{spread(stock)}, one constant frame through websockets-sansio",
            f"{share:.0%}",
            f">= {FLOOR:.0%}",
            share >= FLOOR,
        ),
        Row(
            "the same",
            ours,
            f"{spread(gathering)}, one constant frame through the service's own protocol",
            f"{median(ours / theirs for ours, _, theirs in rates):.0%}",
            "",
            True,
        ),
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


def _rate(serving: Serving, path: str) -> float:
    start = perf_counter()
    received = sum(1 for _ in text_frames(serving, path))
    assert received == EVENTS + 2, received
    return received / (perf_counter() - start)
