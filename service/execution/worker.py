"""The engine process: reads commands on stdin, simulates, writes events on stdout.

Run as ``python -P -m service.execution.worker MARKET_FOLDER MISSING_DATA``.
"""

import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO, Literal, NoReturn, cast

from domain.runs.request import BacktestRequest, StrategySpec, normalise
from domain.strategies import registry
from service.execution.frames import Batch, Done, Execute, Ready, Stop, pack, read_command
from service.execution.job import execute
from service.market_data.catalog import Catalog


class Engine:
    """Simulates one run after another; a second thread listens for ``Stop`` and for the end."""

    def __init__(
        self, commands: BinaryIO, replies: BinaryIO, catalog: Catalog, missing_data: str
    ) -> None:
        self._commands = commands
        self._replies = replies
        self._catalog = catalog
        self._missing_data = cast("Literal['fail', 'synthetic']", missing_data)
        self._jobs: queue.SimpleQueue[Execute] = queue.SimpleQueue()
        self._stopped: str | None = None

    def serve(self) -> None:
        """Answer commands until the service is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        warm_up(self._catalog)
        self._reply(pack(Ready()))
        while True:
            job = self._jobs.get()
            for events in execute(job.request, self._catalog, self._missing_data):
                if self._stopped == job.run_id:
                    break
                self._reply(pack(Batch(events)))
            self._reply(pack(Done()))

    def _listen(self) -> None:
        while (command := read_command(self._commands)) is not None:
            match command:
                case Execute():
                    # It may be the run that was stopped a moment ago.
                    self._stopped = None
                    self._jobs.put(command)
                case Stop(run_id=run_id):
                    self._stopped = run_id
        _leave()

    def _reply(self, frame: bytes) -> None:
        try:
            self._replies.write(frame)
            self._replies.flush()
        except BrokenPipeError:  # seen here before the other thread has read the end
            _leave()


def _leave() -> NoReturn:
    # The service is gone, whatever the engine is doing: nobody waits for it any more.
    os._exit(0)


def warm_up(catalog: Catalog) -> None:
    """Simulate a little with every built-in strategy, so that all compiled code is loaded."""
    for name in registry.BUILT_IN:
        request = BacktestRequest(
            symbols=["WARM", "UP/EARLY"],
            start_date="2024-01-01",
            end_date="2024-03-01",
            strategy=StrategySpec(name),
            data_source="synthetic",
            benchmark_symbol="WARM",
        )
        for _ in execute(normalise(request), catalog, "fail"):
            pass


def main() -> None:
    """Serve on stdin and stdout until stdin ends."""
    # Ctrl-C in a terminal reaches the whole process group; the service decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A strategy that reads, prints or leaves a process behind must not reach into the frames: the
    # copies are not inherited, and what took their places is harmless.
    commands = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    market, missing_data = sys.argv[1:]
    Engine(commands, replies, Catalog(Path(market)), missing_data).serve()


if __name__ == "__main__":
    main()
