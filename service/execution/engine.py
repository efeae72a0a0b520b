"""What an engine process does: takes commands, simulates, gives events."""

import gc
import queue
import threading
from collections.abc import Iterator
from typing import BinaryIO

from domain.runs.events import EncodedEvent, Failed, decode
from domain.runs.request import BacktestRequest, StrategySpec, normalise
from domain.strategies import registry
from service.execution.frames import (
    Batch,
    Check,
    Done,
    Execute,
    Job,
    Ready,
    Stop,
    pack,
    read_command,
)
from service.execution.job import MissingDataPolicy, execute
from service.execution.memory import limit_memory
from service.execution.pipes import leave, reply
from service.market_data.catalog import Catalog


class Engine:
    """Simulates one run after another; a second thread listens for ``Stop`` and for the end."""

    def __init__(
        self,
        commands: BinaryIO,
        replies: BinaryIO,
        catalog: Catalog,
        missing_data: MissingDataPolicy,
        memory_mib_max: int,
    ) -> None:
        self._commands = commands
        self._replies = replies
        self._catalog = catalog
        self._missing_data = missing_data
        self._memory_mib_max = memory_mib_max
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._stopped: str | None = None

    def serve(self) -> None:
        """Answer commands until the service is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        for name in registry.BUILT_IN:
            # A run that waits already loads what it needs, and the next one what that needs.
            if self._jobs.empty():
                warm_up(name, self._catalog)
        # What there is now stays: no collection need look at it again.
        gc.freeze()
        gc.enable()
        reply(self._replies, pack(Ready()))
        while True:
            job = self._jobs.get()
            limit_memory(self._memory_mib_max)
            worn = False
            for events in self._events(job):
                if self._stopped == job.run_id:
                    break
                reply(self._replies, pack(Batch(events)))
                worn = _is_out_of_memory(events[-1])
            reply(self._replies, pack(Done(worn)))

    def _events(self, job: Job) -> Iterator[list[EncodedEvent]]:
        match job:
            case Execute():
                return execute(job.request, self._catalog, self._missing_data, job.code)
            case Check():
                # Imported only now: a run need not wait for it.
                from service.execution.checking import check

                return check(job, self._catalog, self._missing_data)

    def _listen(self) -> None:
        while (command := read_command(self._commands)) is not None:
            match command:
                case Execute() | Check():
                    # It may be the run that was stopped a moment ago.
                    self._stopped = None
                    self._jobs.put(command)
                case Stop(run_id=run_id):
                    self._stopped = run_id
        leave()


def _is_out_of_memory(event: EncodedEvent) -> bool:
    # What a run has taken and not given back would be missing to the next.
    if event.type != "state":
        return False
    ending = decode(event.type, event.payload)
    return isinstance(ending, Failed) and ending.exceeded == "memory"


def warm_up(strategy: str, catalog: Catalog) -> None:
    """Simulate a little with a built-in strategy, so that its compiled code is loaded."""
    request = BacktestRequest(
        symbols=["WARM", "UP/EARLY"],
        start_date="2024-01-01",
        end_date="2024-03-01",
        strategy=StrategySpec(strategy),
        data_source="synthetic",
        benchmark_symbol="WARM",
    )
    for _ in execute(normalise(request), catalog, "fail"):
        pass
