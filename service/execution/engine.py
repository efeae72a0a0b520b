"""What an engine process does: takes commands, simulates, gives events."""

import gc
import queue
import threading
from typing import BinaryIO

from domain.runs.events import EncodedEvent, Failed, decode
from domain.runs.request import BacktestRequest, StrategySpec, normalise
from domain.strategies import registry
from service.execution.evaluating import Evaluations
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
from service.execution.job import MissingDataPolicy, execute, source_of
from service.execution.memory import limit_memory
from service.execution.pipes import leave, reply
from service.execution.priority import give_way
from service.execution.work import events_of
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
        self._source = source_of(catalog, missing_data)
        self._memory_mib_max = memory_mib_max
        self._evaluations = Evaluations(self._source)
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
        give_way()
        reply(self._replies, pack(Ready()))
        while True:
            job = self._jobs.get()
            limit_memory(self._memory_mib_max)
            worn = False
            try:
                for events in events_of(job, self._source, self._evaluations):
                    if self._stopped == job.run_id:
                        break
                    reply(self._replies, pack(Batch(events)))
                    worn = isinstance(job, Execute | Check) and _is_out_of_memory(events[-1])
            except MemoryError:
                worn = True
            reply(self._replies, pack(Done(worn)))

    def _listen(self) -> None:
        while (command := read_command(self._commands)) is not None:
            match command:
                case Stop(run_id=run_id):
                    self._stopped = run_id
                case job:
                    # It may be the run that was stopped a moment ago.
                    self._stopped = None
                    self._jobs.put(job)
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
