"""Run ``python -m tests.benchmarks`` for everything, or name some: ``… kernel stream``."""

import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version

from rich.console import Console

from tests.benchmarks import append, catch_up, completion, fan_out, kernel, log, memory, stream
from tests.benchmarks.table import Row, print_table

BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "kernel": kernel.rows,
    "append": append.rows,
    "catch_up": catch_up.rows,
    "log": log.rows,
    "stream": stream.rows,
    "fan_out": fan_out.rows,
    "completion": completion.rows,
    "memory": memory.rows,
}
LIBRARIES = ("numba", "numpy", "polars", "starlette", "uvicorn", "uvloop", "websockets")


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
    print(_machine())


def _machine() -> str:
    libraries = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    return f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {libraries}"


if __name__ == "__main__":
    main()
