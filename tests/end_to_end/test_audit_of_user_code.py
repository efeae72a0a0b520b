"""An audit simulates a user's own strategy again, and is not at its mercy."""

from pathlib import Path

import pytest

from tests.end_to_end.commands import backtape

STRATEGY = """
import os
import numpy as np
from domain.strategies.base import SignalStrategy

class Mine(SignalStrategy, frozen=True):
    file: str

    def targets(self, bars, symbols):
        print("noise")
        if os.path.exists(self.file):
            os._exit(0)
        return np.full(len(bars), 1 / symbols)
"""


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that a run was made without; while it is there, its strategy ends the process."""
    strategies, marker = tmp_path / "strategies", tmp_path / "marker"
    strategies.mkdir()
    (strategies / "mine.py").write_text(STRATEGY)
    told = backtape(
        *(
            "run",
            "--data-dir",
            tmp_path / "data",
            "--strategy",
            "mine",
            "--param",
            f"file={marker}",
        ),
        *("--symbol", "MADE", "--start", "2020-01-01", "--end", "2021-01-01"),
        *("--data-source", "synthetic"),
        BACKTAPE_STRATEGIES=str(strategies),
    )
    assert told.code == 0, told
    (strategies / "mine.py").unlink()
    return marker


def test_it_is_simulated_again_from_the_log_alone(marker: Path, tmp_path: Path) -> None:
    told = backtape("audit", "--all", "--reexecute", "--data-dir", tmp_path / "data")
    assert told.code == 0, told
    assert "simulated again: 1 runs" in told.out
    assert "nothing is wrong" in told.out


def test_one_that_ends_the_process_does_not_end_the_audit(marker: Path, tmp_path: Path) -> None:
    marker.touch()
    told = backtape("audit", "--all", "--reexecute", "--data-dir", tmp_path / "data")
    assert told.code == 1, told
    assert "hashes recomputed from stored bytes" in told.out
    assert "a process of its own, which ended with status 0 and said nothing" in told.out
