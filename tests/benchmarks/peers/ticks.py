"""Ten million ticks: as fast per tick as one million, and in how much memory.

Run as ``python -m tests.benchmarks.peers.ticks COUNT``: simulates so many ticks, from the manifest
to the last event, and prints the seconds and the peak of memory in MiB.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from domain.engine.simulate import simulate
from domain.market.bars import COLUMNS
from domain.market.resolution import Resolution
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest, Execution, StrategySpec, normalise
from tests.benchmarks.peers import prices
from tests.benchmarks.processes import peak_memory
from tests.benchmarks.table import Row, spread

FEW, MANY = 1_000_000, 10_000_000
ROUNDS = 3
SLOWER_MAX = 1.2
ARRAYS_MAX = 3.0
MEBIBYTE = 1 << 20
REQUEST = normalise(
    BacktestRequest(
        symbols=["TICKS"],
        start_date="1999-01-01",
        end_date="2001-01-01",
        resolution=Resolution.TICK,
        strategy=StrategySpec("ma_crossover"),
        execution=Execution(commission_bps=5.0),
    )
)


def rows(_: Path) -> list[Row]:
    """Time per tick and peak of memory, each run in a fresh process."""
    if not Path("/proc/self/status").exists():
        return [Row("10 million ticks: needs Linux's /proc", "", "", "", "", True)]
    few, many = ([_run(count) for _ in range(ROUNDS)] for count in (FEW, MANY))
    per_tick = [
        [1e9 * seconds / count for seconds, _ in found]
        for found, count in ((few, FEW), (many, MANY))
    ]
    slower = median(per_tick[1]) / median(per_tick[0])
    memory = max(peak for _, peak in many)
    arrays = MANY * 8 * len(COLUMNS) / MEBIBYTE
    return [
        Row(
            f"{MANY:,} ticks, the whole simulation",
            f"{spread(per_tick[1], '.0f')} ns a tick",
            f"{spread(per_tick[0], '.0f')} ns a tick, {FEW:,} ticks",
            f"x {slower:.2f}",
            f"<= x {SLOWER_MAX:g}",
            slower <= SLOWER_MAX,
        ),
        Row(
            f"{MANY:,} ticks, peak of the whole process's memory",
            f"{memory:,.0f} MiB",
            f"{arrays:,.0f} MiB, the bars' arrays",
            f"x {memory / arrays:.2f}",
            f"<= x {ARRAYS_MAX:g}",
            memory <= ARRAYS_MAX * arrays,
        ),
    ]


def _run(count: int) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.peers.ticks", str(count)],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def main() -> None:
    """Simulate and tell; a little first, so that all compiled code is loaded."""
    for count in (1_000, int(sys.argv[1])):
        bars = prices.ticks(count)
        manifest = describe(REQUEST, [Provided(bars, "synthetic")], None, [])
        start = perf_counter()
        for _ in simulate(manifest, [bars]):
            pass
        seconds = perf_counter() - start
    print(seconds, peak_memory(os.getpid()))


if __name__ == "__main__":
    main()
