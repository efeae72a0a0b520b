"""Run ``python -m tests.benchmarks`` for everything, or name some: ``… kernel stream``."""

import sys
from collections.abc import Callable

from rich.console import Console

from tests.benchmarks import (
    append,
    catch_up,
    completion,
    events,
    exports,
    fan_out,
    indicators,
    kernel,
    log,
    memory,
    optimizing,
    polling,
    soak,
    sockets,
    stream,
    sweep,
)
from tests.benchmarks.machine import machine
from tests.benchmarks.table import Row, print_table

BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "kernel": kernel.rows,
    "indicators": indicators.rows,
    "events": events.rows,
    "sweep": sweep.rows,
    "optimizing": optimizing.rows,
    "append": append.rows,
    "catch_up": catch_up.rows,
    "log": log.rows,
    "stream": stream.rows,
    "fan_out": fan_out.rows,
    "completion": completion.rows,
    "memory": memory.rows,
    "polling": polling.rows,
    "sockets": sockets.rows,
    "exports": exports.rows,
    "soak": soak.rows,
}


def main() -> None:
    """Measure, then print one table; a figure below its floor is shown, and is no failure."""
    chosen = sys.argv[1:] or list(BENCHMARKS)
    if unknown := [name for name in chosen if name not in BENCHMARKS]:
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    rows: list[Row] = []
    with Console(stderr=True).status("") as status:
        for name in chosen:
            status.update(f"measuring {name}")
            rows += BENCHMARKS[name]()
    print_table(rows)
    print(machine())


if __name__ == "__main__":
    main()
