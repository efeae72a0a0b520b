"""What keeps a cold `backtape run` short, seen by what is loaded and what is compiled."""

import os
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.processes import backtape

RUN = (
    *("run", "--symbol", "A", "--start", "2020-01-01", "--end", "2021-01-01", "--json"),
    *("--strategy", "ma_crossover", "--data-source", "synthetic", "--data-dir"),
)


def loaded_by(code: str, *arguments: object) -> set[str]:
    """What a process of its own has imported when it ends."""
    told = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
    finished = subprocess.run(
        [sys.executable, "-P", "-c", told + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(finished.stderr.splitlines()[-1].split())


def test_the_command_never_loads_the_compiler(tmp_path: Path) -> None:
    loaded = loaded_by("from service.cli.main import main; main()", *RUN, tmp_path)
    assert "polars" in loaded  # it reads the results
    assert loaded.isdisjoint({"numba", "llvmlite", "scipy", "prometheus_client"})


def test_next_to_nothing_is_loaded_before_the_engine_is_started() -> None:
    code = "import service.cli.main, service.settings, service.execution.child_process"
    loaded = loaded_by(code)
    assert loaded.isdisjoint({"polars", "numpy", "rich", "starlette", "service.core"})


def test_nothing_is_compiled_at_the_second_start(tmp_path: Path) -> None:
    told = [
        backtape(*RUN, tmp_path, environment={**os.environ, "NUMBA_DEBUG_CACHE": "1"}).stderr
        for _ in range(2)
    ]
    assert "data loaded from" in told[1]
    assert "data saved to" not in told[1]
