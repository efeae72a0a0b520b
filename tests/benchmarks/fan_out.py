"""Many sockets on one running run: how late its events arrive, and what stopped readers cost.

An event's time is the one it carries: when the log began to write it. So the latency includes the
commit, and on a machine of few cores also the clients, which are all in this process.
"""

import selectors
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, sleep, time

import msgspec

from tests.benchmarks.frames import RECEIVED_BYTES_MAX, TEXT, frame_at, upgrade
from tests.benchmarks.live_run import RUN_ID
from tests.benchmarks.processes import Serving, resident_memory, running
from tests.benchmarks.table import Row

SOCKETS = 500
STOPPED = 200
STORED = 100_000  # 28 MB of frames: no socket's buffers hold them
TICK_SECONDS = 0.05
WARM_SECONDS, MEASURED_SECONDS = 2.0, 15.0
TAIL_RATIO_MAX = 5.0
STOPPED_KIBIBYTES_MAX = 1024
SMALL_BUFFER_BYTES = 4096
SETTLE_SECONDS = 5.0


class Header(msgspec.Struct):
    """What a reader looks at in a frame."""

    event_id: int
    timestamp: datetime


class Reader:
    """A socket on the run: how late each event came over it."""

    def __init__(self, connection: socket.socket, pending: bytes) -> None:
        self.connection = connection
        self.latencies: list[float] = []
        self._pending = pending
        self._last = STORED

    def receive(self, recorded: dict[int, float]) -> None:
        """Take in what has come; ``recorded`` remembers the events' times for all readers."""
        received = self.connection.recv(RECEIVED_BYTES_MAX)
        assert received, "the service closed a reader's connection"
        now = time()
        pending, start = self._pending + received, 0
        while frame := frame_at(pending, start):
            opcode, first, start = frame
            if opcode != TEXT:  # a ping
                continue
            event_id = int(pending[first + len('{"event_id":') : pending.index(b",", first)])
            assert self._last in (STORED, event_id - 1), f"{event_id} came after {self._last}"
            self._last = event_id
            if event_id not in recorded:
                header = msgspec.json.decode(pending[first:start], type=Header)
                recorded[event_id] = header.timestamp.timestamp()
            self.latencies.append(now - recorded[event_id])
        self._pending = pending[start:]


def rows() -> list[Row]:
    """Measure half a thousand sockets, then a thousand of which some have stopped reading."""
    if not Path("/proc/self/status").exists():
        return [Row("sockets on a running run: needs Linux's /proc", "", "", "", "", True)]
    return [*_live(SOCKETS), *_with_stopped(2 * SOCKETS, STOPPED)]


def _live(sockets: int) -> list[Row]:
    with _live_run() as serving, ExitStack() as connections:
        readers = [_reader(serving, connections) for _ in range(sockets)]
        _read(readers)
    return [_lateness(f"live fan-out, {sockets} sockets on one run", readers)]


def _with_stopped(sockets: int, stopped: int) -> list[Row]:
    with _live_run() as serving, ExitStack() as connections:
        empty = resident_memory(serving.pid)
        readers = [_reader(serving, connections) for _ in range(sockets - stopped)]
        _read(readers)
        reading = resident_memory(serving.pid)
        for number in range(stopped):
            _stopped(serving, connections, STORED // 2 * number // stopped)
        sleep(SETTLE_SECONDS)
        for reader in readers:
            reader.latencies.clear()
        _read(readers)
        full = resident_memory(serving.pid)
    each = (full - reading) * 1024 / stopped
    what = f"{sockets:,} sockets on one run, {stopped} of them stopped"
    return [
        _lateness(f"{what}: the others", readers),
        Row(
            f"{what}: the service's memory",
            f"{empty:.0f} MiB without, {reading:.0f} MiB with the readers, {full:.0f} MiB with all",
            "",
            f"{each:.0f} KiB a stopped one",
            f"<= {STOPPED_KIBIBYTES_MAX} KiB",
            each <= STOPPED_KIBIBYTES_MAX,
        ),
    ]


@contextmanager
def _live_run() -> Iterator[Serving]:
    module = "tests.benchmarks.live_run"
    with (
        tempfile.TemporaryDirectory() as folder,
        running(module, folder, str(STORED), str(TICK_SECONDS)) as serving,
    ):
        yield serving


def _reader(serving: Serving, connections: ExitStack) -> Reader:
    connection = socket.create_connection((serving.host, serving.port))
    connections.enter_context(connection)
    path = f"/backtests/{RUN_ID}/stream?last_event_id={STORED}"
    return Reader(connection, upgrade(connection, serving, path))


def _stopped(serving: Serving, connections: ExitStack, cursor: int) -> None:
    """A client that asks for everything after a cursor of its own, and reads none of it."""
    connection = connections.enter_context(socket.socket())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
    connection.connect((serving.host, serving.port))
    upgrade(connection, serving, f"/backtests/{RUN_ID}/stream?last_event_id={cursor}")


def _read(readers: list[Reader]) -> None:
    """Read for a while; what came before the sockets had caught up is not counted."""
    recorded: dict[int, float] = {}
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            selector.register(reader.connection, selectors.EVENT_READ, reader)
        for seconds in (WARM_SECONDS, MEASURED_SECONDS):
            for reader in readers:
                reader.latencies.clear()
            until = monotonic() + seconds
            while monotonic() < until:
                for key, _ in selector.select(timeout=TICK_SECONDS):
                    key.data.receive(recorded)


def _lateness(what: str, readers: list[Reader]) -> Row:
    everything = [1e3 * late for reader in readers for late in reader.latencies]
    centiles = quantiles(everything, n=100)
    slowest = max(1e3 * median(reader.latencies) for reader in readers)
    ratio = centiles[98] / centiles[49]
    return Row(
        f"{what}, {1 / TICK_SECONDS:.0f} events/s, append to receipt",
        f"p50 {centiles[49]:.1f} ms, p99 {centiles[98]:.1f} ms, worst {max(everything):.1f} ms",
        f"the slowest socket's p50 {slowest:.1f} ms",
        f"p99/p50 {ratio:.1f}",
        f"<= {TAIL_RATIO_MAX:.0f}",
        ratio <= TAIL_RATIO_MAX,
    )
