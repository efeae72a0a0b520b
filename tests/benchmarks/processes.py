"""Servers in processes of their own, and what they cost in memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from service.settings import ALIAS_PREFIX, PREFIX

STARTED = "listening on "


class Serving(NamedTuple):
    """A server process that accepts connections on loopback."""

    host: str
    port: int
    pid: int

    def children(self) -> list[int]:
        """The processes that it started: the service's engines (Linux only)."""
        tasks = Path("/proc", str(self.pid), "task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


@contextmanager
def service(
    data_dir: Path, engines: int, log: Path | None = None, **environment: str
) -> Iterator[Serving]:
    """Run ``backtape serve`` on ``data_dir`` with that many engine processes."""
    settings = {
        "BACKTAPE_ENGINE_PROCESSES": str(engines),
        "BACKTAPE_RATE_LIMIT": "1000000",
        "BACKTAPE_LOG_LEVEL": "warning",
        **environment,
    }
    arguments = ("serve", "--port", "0", "--data-dir", str(data_dir))
    with running("service.cli.main", *arguments, log=log, **settings) as serving:
        yield serving


@contextmanager
def running(
    module: str, *arguments: str, log: Path | None = None, **environment: str
) -> Iterator[Serving]:
    """Run a module that prints ``listening on http://HOST:PORT``, and stop it at the end.

    Settings of the service in the caller's environment do not reach it. Its standard error goes
    to the file ``log``, where one is given.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((PREFIX, ALIAS_PREFIX))
    }
    with (
        nullcontext() if log is None else log.open("wb") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=inherited | environment,
            start_new_session=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if STARTED not in line:
                raise OSError(f"{module} did not start (exit code {process.wait()})")
            host, port = line.split(STARTED)[1].split()[0].removeprefix("http://").split(":")
            yield Serving(host, int(port), process.pid)
        finally:
            process.terminate()
            process.wait()


def open_files(pid: int) -> int:
    """How many file descriptors the process has open (Linux only)."""
    return sum(1 for _ in Path("/proc", str(pid), "fd").iterdir())


def peak_memory(pid: int) -> float:
    """The most memory the process has had resident so far, in MiB (Linux only)."""
    return _status(pid, "VmHWM")


def resident_memory(pid: int) -> float:
    """The memory that the process has resident now, in MiB (Linux only)."""
    return _status(pid, "VmRSS")


def _status(pid: int, field: str) -> float:
    status = Path("/proc", str(pid), "status").read_text()
    (kibibytes,) = (line.split()[1] for line in status.splitlines() if line.startswith(field))
    return int(kibibytes) / 1024
