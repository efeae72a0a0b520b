"""Run ``python -m tests.benchmarks.peers`` for everything, or name some: ``… speed cold``."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.benchmarks.machine import machine
from tests.benchmarks.peers import agreement, cold, service, speed, ticks
from tests.benchmarks.table import Row, print_table

PARTS: dict[str, Callable[[Path], list[Row]]] = {
    "agreement": agreement.rows,
    "speed": speed.rows,
    "service": service.rows,
    "ticks": ticks.rows,
    "cold": cold.rows,
}


def main() -> None:
    """Measure, then print one table; a figure below its floor is shown, and is no failure."""
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in chosen if name not in PARTS]:
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    rows: list[Row] = []
    with Console(stderr=True).status("") as status, tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            status.update(f"measuring {name}")
            rows += PARTS[name](Path(folder))
    print_table(rows)
    print(machine())


if __name__ == "__main__":
    main()
