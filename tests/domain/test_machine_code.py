"""Machine code is kept where that is possible, and made where it is not."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
from domain.compiled import compiled

@compiled
def added(first: int, second: int) -> int:
    return first + second

print(added(3, 4))
"""


def run(folder: Path, cache: Path) -> "subprocess.CompletedProcess[str]":
    """A process that needs machine code of a function, and keeps it in ``cache``."""
    script = folder / "adding.py"
    script.write_text(CODE)
    told = {"NUMBA_CACHE_DIR": str(cache), "NUMBA_DEBUG_CACHE": "1"}
    told["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_directory_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = run(tmp_path, tmp_path / "file" / "below")
    assert finished.stdout.splitlines()[-1] == "7", finished.stderr
    assert "saved to" not in finished.stdout


def test_what_was_kept_is_loaded_and_no_more_is_written(tmp_path: Path) -> None:
    first, second = run(tmp_path, tmp_path / "cache"), run(tmp_path, tmp_path / "cache")
    assert "data saved to" in first.stdout
    assert "data loaded from" in second.stdout
    assert "saved to" not in second.stdout
