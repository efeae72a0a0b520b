"""The service as a process that can be hurt, with the engines that it starts."""

import os
import resource
import secrets
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import anyio
from anyio.abc import Process

from tests.torture.witness import Violation

STOP_SECONDS_MAX = 30
ORPHAN_SECONDS_MAX = 10.0
LOOK_SECONDS = 0.05
SERVER_PORTS = range(20_000, 30_000)
MARK = "TORTURE_FOLDER"
COMMAND = (sys.executable, "-P", "-m", "service.cli.main", "serve")


class ServiceProcess:
    """``backtape serve`` on a folder and a port. Linux only: its processes are found in /proc."""

    def __init__(self, process: Process, folder: Path, port: int) -> None:
        self._process = process
        self._folder = folder
        self._port = port

    @classmethod
    async def start(cls, folder: Path, port: int) -> "ServiceProcess":
        """Start it; whether it listens yet is not waited for."""
        temporary = folder / "temporary"
        temporary.mkdir(exist_ok=True)
        environment = {
            **{name: value for name, value in os.environ.items() if not _is_setting(name)},
            MARK: str(folder),
            "TMPDIR": str(temporary),
            "BACKTAPE_DATA_DIR": str(folder / "data"),
            "BACKTAPE_PORT": str(port),
            "BACKTAPE_ENGINE_PROCESSES": "2",
            "BACKTAPE_RATE_LIMIT": "1000000",
        }
        with (folder / "service.log").open("ab") as output:
            process = await anyio.open_process(
                COMMAND, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
            )
        return cls(process, folder, port)

    @property
    def pid(self) -> int:
        """The operating system's number of the process."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended, or ``None`` while it runs."""
        return self._process.returncode

    def require_running(self) -> None:
        """Raise ``Violation`` if it has ended by itself."""
        if self.returncode is not None:
            raise Violation(f"the service ended by itself, with {self.returncode}")

    async def require_alive(self) -> None:
        """Wait for the service to end by itself, which it must not."""
        await self._process.wait()
        self.require_running()

    def engines(self) -> list[int]:
        """The processes that it has started and that are still there."""
        return [pid for pid in marked(self._folder) if pid != self.pid]

    async def kill(self, *, engines: bool) -> None:
        """SIGKILL, first to its engines if asked; returns once every process of it is gone."""
        for pid in self.engines() if engines else []:
            kill(pid)
        self._process.kill()
        await self._process.wait()
        await self._require_no_orphans()

    async def terminate(self) -> None:
        """SIGTERM; it must end by itself, with exit status 0 and no process left over."""
        self._process.terminate()
        with anyio.move_on_after(STOP_SECONDS_MAX):
            # One that is told before it has begun to listen for signals may just die of them.
            if await self._process.wait() not in (0, -signal.SIGTERM):
                raise Violation(f"after SIGTERM the service exited with {self.returncode}")
            await self._require_no_orphans()
            return
        raise Violation(f"after SIGTERM the service was still there {STOP_SECONDS_MAX} s later")

    async def fill_disk(self, seconds: float) -> None:
        """Let no file of it grow for a while, as on a full disk, if it is up already."""
        wal = self._folder / "data" / "log.db-wal"
        if not await self._listens() or not wal.exists():
            return
        soft, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        full = wal.stat().st_size
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (full, hard))
        await anyio.sleep(seconds)
        self.require_running()
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (soft, hard))

    async def _listens(self) -> bool:
        try:
            stream = await anyio.connect_tcp("127.0.0.1", self._port)
        except OSError:
            return False
        await stream.aclose()
        return True

    async def _require_no_orphans(self) -> None:
        patience = ORPHAN_SECONDS_MAX
        while orphans := marked(self._folder):
            if patience <= 0:
                raise Violation(f"the service is gone, its processes {orphans} are not")
            await anyio.sleep(LOOK_SECONDS)
            patience -= LOOK_SECONDS


def marked(folder: Path) -> list[int]:
    """Every process that was started for ``folder``, by the mark in its environment."""
    mark = f"{MARK}={folder}\0".encode()
    return [
        int(entry.name) for entry in Path("/proc").glob("[0-9]*") if mark in _environment(entry)
    ]


def free_port() -> int:
    """A free port, of those that the system gives to no client.

    Else a client that calls while nobody listens may be connected with itself.
    """
    for port in secrets.SystemRandom().sample(SERVER_PORTS, len(SERVER_PORTS)):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError(f"no port of {SERVER_PORTS} is free")


def kill(pid: int) -> None:
    """SIGKILL, unless it has just ended by itself."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _environment(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except OSError:  # it has ended, or is not ours
        return b""


def _is_setting(variable: str) -> bool:
    return variable.startswith(("BACKTAPE_", "GLOWBACK_"))
