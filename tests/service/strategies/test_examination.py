"""`backtape strategy check` runs a user's code apart from itself, within the limits of a run."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.end_to_end.processes import BACKTAPE, PATIENCE_SECONDS, backtape, gone

HEAD = """
import os, signal, sys, threading, time
import numpy as np
from domain.strategies.event import EventStrategy
from domain.strategies.base import SignalStrategy

"""
CALLED = HEAD + "class Called(EventStrategy):\n    def on_bar(self, context):\n        "


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.py"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("bytes(2_000_000_000)", "the run needs more memory than it may take: the strategy raised"),
        ("os._exit(0)", "the strategy ended its process (exit status 0)"),
        ("os._exit(7)", "the strategy ended its process (exit status 7)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "the strategy ended its process (signal 9)"),
        ("sys.exit(3)", "the strategy raised SystemExit: 3 (bar 2020-01-01"),
        ("1 / 0", "the strategy raised ZeroDivisionError: division by zero (bar 2020-01-01"),
    ],
)
def test_whatever_it_does_the_command_says_so_in_a_sentence(
    file: Path, code: str, said: str
) -> None:
    file.write_text(CALLED + code + "\n")
    limit = {"BACKTAPE_RUN_MEMORY_MIB_MAX": "256"}
    checked = backtape("strategy", "check", file, environment={**os.environ, **limit})
    assert (checked.returncode, checked.stdout) == (1, "")
    assert said in checked.stderr
    assert checked.stderr.count("\n") == 1


def test_one_that_never_ends_is_ended_at_the_limit_of_a_run(file: Path) -> None:
    file.write_text(CALLED + "while True: pass\n")
    limit = {"BACKTAPE_RUN_SECONDS_MAX": "1"}
    checked = backtape("strategy", "check", file, environment={**os.environ, **limit})
    assert (checked.returncode, checked.stdout) == (1, "")
    took = "the check took more than 1 seconds (BACKTAPE_RUN_SECONDS_MAX): does it ever end?"
    assert checked.stderr == f"{file}: {took}\n"


def test_what_it_prints_and_leaves_running_is_no_part_of_the_report(file: Path) -> None:
    file.write_text(CALLED + "print('printed')\n")
    with file.open("a") as more:
        more.write("threading.Thread(target=time.sleep, args=[60]).start()\n")
    checked = backtape("strategy", "check", file, "--moments", 2, "--json")
    assert checked.returncode == 0
    report = msgspec.json.decode(checked.stdout)
    assert (report["clean"], len(report["moments"])) == (True, 2)
    assert "printed" in checked.stderr


@pytest.mark.parametrize(
    ("end", "number"),
    [(os.killpg, signal.SIGINT), (os.kill, signal.SIGKILL)],
    ids=["ctrl-c", "kill"],
)
def test_nothing_goes_on_when_the_command_is_interrupted_or_killed(
    file: Path, end: Callable[[int, int], None], number: int
) -> None:
    mark = file.with_suffix(".pid")
    file.write_text(
        HEAD + f"open({str(mark)!r} + '.part', 'w').write(str(os.getpid()))\n"
        f"os.rename({str(mark)!r} + '.part', {str(mark)!r})\n"
        "while True: pass\n"
    )
    with subprocess.Popen(
        [*BACKTAPE, "strategy", "check", str(file)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not mark.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        child = int(mark.read_text())
        assert child != command.pid
        end(command.pid, number)
        _, said = command.communicate(timeout=PATIENCE_SECONDS)
    assert command.returncode != 0
    assert "Traceback" not in said
    assert gone([child])
