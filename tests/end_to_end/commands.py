"""``backtape`` as a user types it, in processes of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.witness import given_by

KEY = "an-auditors-key"


class Told(msgspec.Struct, frozen=True):
    """How a command ended, and what it said."""

    code: int
    out: str
    errors: str


def backtape(*arguments: str | Path, **settings: str) -> Told:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "service.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment() | settings,
        timeout=60,
    )
    return Told(done.returncode, done.stdout, done.stderr)


def succeeds(*arguments: str | Path) -> str:
    told = backtape(*arguments)
    assert told.code == 0, told
    return told.out


def environment() -> dict[str, str]:
    foreign = ("BACKTAPE_", "GLOWBACK_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return own | {"BACKTAPE_API_KEY": KEY, "BACKTAPE_ENGINE_PROCESSES": "1", "COLUMNS": "300"}


@contextmanager
def service(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-P", "-m", "service.cli.main", "serve", "--port", "0"]
    given_by(environment())
    with (
        folder.with_suffix(".stderr").open("ab") as errors,
        subprocess.Popen(
            [*command, "--data-dir", str(folder)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment(),
        ) as process,
    ):
        assert process.stdout is not None
        announced = re.search(r"http://\S+", process.stdout.readline())
        assert announced is not None
        yield announced[0]
        process.send_signal(signal.SIGINT)
