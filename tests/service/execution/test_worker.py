"""An engine process whose service is gone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

WORKER = [sys.executable, "-P", "-m", "service.execution.worker"]


@pytest.mark.parametrize("gone_first", ["stdin", "stdout"])
def test_an_engine_that_nobody_listens_to_goes_without_a_word(
    tmp_path: Path, gone_first: str
) -> None:
    commands_read, commands_write = os.pipe()
    replies_read, replies_write = os.pipe()
    os.close(commands_write if gone_first == "stdin" else replies_read)
    engine = subprocess.Popen(
        [*WORKER, str(tmp_path / "market"), "fail"],
        stdin=commands_read,
        stdout=replies_write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(commands_read)
    os.close(replies_write)
    _, complaints = engine.communicate(timeout=60)
    os.close(replies_read if gone_first == "stdin" else commands_write)
    assert (engine.returncode, complaints) == (0, "")
