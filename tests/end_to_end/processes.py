"""`backtape` as a user starts it: real processes, watched from outside."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from eventstore.events import Event
from eventstore.store import EventStore
from service.projections import stream_of
from tests.witness import given_by

BACKTAPE = [sys.executable, "-P", "-m", "service.cli.main"]
PATIENCE_SECONDS = 30


def backtape(
    *arguments: object, environment: Mapping[str, str] | None = None, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [*BACKTAPE, *map(str, arguments)],
        env={**(environment or os.environ), "COLUMNS": "200"},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


class Service:
    """A running `backtape serve` on a data folder."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        engines: int = 1,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        given_by(environment or os.environ)
        self.log = folder / "log.db"
        self._stderr = folder.with_suffix(".stderr")
        options = ["--data-dir", folder, "--port", port]
        with self._stderr.open("ab") as stderr:
            self._process = subprocess.Popen(
                [*BACKTAPE, "serve", *map(str, options)],
                env={**(environment or os.environ), "BACKTAPE_ENGINE_PROCESSES": str(engines)},
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        announced = re.search(r"listening on (\S+)", self._process.stdout.readline())
        assert announced, self.stderr
        self.url = announced[1]

    @property
    def pid(self) -> int:
        """The service's own process."""
        return self._process.pid

    @property
    def stderr(self) -> str:
        """All that was logged so far, also by a service on this folder before."""
        return self._stderr.read_text()

    def engines(self) -> list[int]:
        """The pids of its children."""
        return [pid for pid, parent in _processes() if parent == self.pid]

    def kill(self) -> None:
        """Kill it, and it alone, as a crash would."""
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        code = self._process.wait(PATIENCE_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


def _processes() -> list[tuple[int, int]]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [(int(pid), int(parent)) for pid, parent, state in rows if not state.startswith("Z")]


def gone(pids: list[int]) -> bool:
    """Wait until none of these processes is there; whether that came."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while {pid for pid, _ in _processes()} & set(pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def stored(log: Path, run_id: str) -> list[Event]:
    """A run's events as the file holds them, whoever is writing it."""
    async with await EventStore.open(log, read_only=True) as store:
        return await store.read(stream_of(run_id))


async def whole_log(log: Path) -> list[Event]:
    """Every event of the log."""
    async with await EventStore.open(log, read_only=True) as store:
        return await store.read_all(limit=100_000)
