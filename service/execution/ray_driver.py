"""The driver process of a Ray cluster: takes jobs on stdin, gives their events on stdout.

Run as ``python -P -m service.execution.ray_driver ADDRESS MARKET_FOLDER MISSING_DATA
MEMORY_MIB_MAX``. The machine must be a node of the cluster. All of Ray that the service ever
touches is imported here and on the nodes.
"""

import logging
import signal
import sys
from collections import OrderedDict
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO

import anyio
import msgspec

from service.execution import ray_tasks
from service.execution.frames import Check, Execute, Job, pack
from service.execution.pipes import leave, private_pipes, reply
from service.execution.ray_frames import (
    Connected,
    Drop,
    Ended,
    More,
    Sent,
    Submit,
    Unreachable,
    read_question,
)

AHEAD_BATCHES_MAX = 4
DROP_SECONDS_MAX = 0.5
SWEEPS_KEPT_MAX = 8
REASON_CHARACTERS_MAX = 500


class Cluster:
    """A Ray cluster that this process is connected to."""

    def __init__(self, address: str, market: str, missing_data: str, memory_mib_max: int) -> None:
        """Connect. Raises what Ray raises, which is of many kinds."""
        ray = import_module("ray")
        scheduling = import_module("ray.util.scheduling_strategies")
        ray.init(
            address=address,
            logging_level=logging.ERROR,
            log_to_driver=False,
            # One thread per task: there are as many tasks as processors.
            runtime_env={"env_vars": {"POLARS_MAX_THREADS": "1"}},
        )
        here = scheduling.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        self._ray = ray
        # What a lost node takes with it is done again by whoever asked: see ``Executor``.
        self._load = ray.remote(ray_tasks.load).options(
            num_cpus=0, max_retries=0, scheduling_strategy=here
        )
        self._perform = ray.remote(ray_tasks.perform).options(
            num_cpus=1,
            max_retries=0,
            num_returns="streaming",
            _generator_backpressure_num_objects=AHEAD_BATCHES_MAX,
        )
        self._catalog = market, missing_data
        self._memory_mib_max = memory_mib_max
        self._sweeps: OrderedDict[str, Any] = OrderedDict()
        self.errors = ray.exceptions
        self.processors = max(int(ray.cluster_resources().get("CPU", 0)), 1)

    def begin(self, job: Job) -> Any:
        """Have a job done: Ray's generator of references to batches of events."""
        return self._perform.remote(job, self._data(job), self._memory_mib_max)

    async def drop(self, generator: Any) -> None:
        """Stop a job; if it does not let go, with the process that does it."""
        self._ray.cancel(generator)
        with anyio.move_on_after(DROP_SECONDS_MAX):
            with suppress(self.errors.RayError):
                await generator.completed()
            return
        self._ray.cancel(generator, force=True)

    def _data(self, job: Job) -> Any:
        """A reference to what was loaded for a job; for a sweep's jobs it is loaded once."""
        if isinstance(job, Execute | Check):
            return self._loaded(job)
        if job.run_id not in self._sweeps:
            self._sweeps[job.run_id] = self._loaded(job)
        self._sweeps.move_to_end(job.run_id)
        while len(self._sweeps) > SWEEPS_KEPT_MAX:
            self._sweeps.popitem(last=False)
        return self._sweeps[job.run_id]

    def _loaded(self, job: Job) -> Any:
        return self._load.remote(ray_tasks.wanted_data(job), *self._catalog, self._memory_mib_max)


class Undertaking:
    """A job under way: where it can be stopped, and whether its next events may be sent."""

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.wanted = anyio.Event()

    async def until_wanted(self) -> None:
        """Wait until more may be sent."""
        await self.wanted.wait()
        self.wanted = anyio.Event()


class Driver:
    """Has jobs done by a cluster, as many at a time as it is given."""

    def __init__(self, cluster: Cluster, questions: BinaryIO, answers: BinaryIO) -> None:
        self._cluster = cluster
        self._questions = questions
        self._answers = answers
        self._under_way: dict[int, Undertaking] = {}

    async def serve(self) -> None:
        """Serve until the service is gone."""
        self._answer(Connected(self._cluster.processors))
        async with anyio.create_task_group() as tasks:
            while question := await anyio.to_thread.run_sync(read_question, self._questions):
                match question:
                    case Submit(number=number, job=job):
                        self._under_way[number] = Undertaking()
                        tasks.start_soon(self._undertake, number, job)
                    case More(number=number) if number in self._under_way:
                        self._under_way[number].wanted.set()
                    case Drop(number=number) if number in self._under_way:
                        self._under_way[number].scope.cancel()
                    case _:  # it has ended meanwhile
                        continue
            leave()

    async def _undertake(self, number: int, job: Job) -> None:
        undertaking = self._under_way[number]
        end = Ended(number)
        generator = None
        try:
            generator = self._cluster.begin(job)
            with undertaking.scope:
                async for reference in generator:
                    events = await reference
                    self._answer(Sent(number, events))
                    if events:
                        await undertaking.until_wanted()
        except Exception as error:
            end = self._how_it_ended(number, error)
        if undertaking.scope.cancelled_caught:
            await self._cluster.drop(generator)
        del self._under_way[number]
        self._answer(end)

    def _how_it_ended(self, number: int, error: Exception) -> Ended:
        errors = self._cluster.errors
        if isinstance(error, errors.NodeDiedError | errors.ObjectLostError):
            return Ended(number, died="the Ray node that did it is gone", blameless=True)
        if isinstance(error, errors.OutOfMemoryError):
            return Ended(number, died="the Ray node ran out of memory and ended its worker")
        if isinstance(error, errors.WorkerCrashedError):
            return Ended(number, died="its Ray worker died")
        return Ended(number, refused=_in_short(error))

    def _answer(self, message: msgspec.Struct) -> None:
        reply(self._answers, pack(message))


def _in_short(error: Exception) -> str:
    # What a task raised is wrapped, with the traceback in the text.
    cause = getattr(error, "cause", None) or error
    return f"{type(cause).__name__}: {' '.join(str(cause).split())[:REASON_CHARACTERS_MAX]}"


def main() -> None:
    """Serve on stdin and stdout until stdin ends."""
    # Ctrl-C in a terminal reaches the whole process group; the service decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions, answers = private_pipes()
    address, market, missing_data, memory_mib_max = sys.argv[1:]
    try:
        cluster = Cluster(address, market, missing_data, int(memory_mib_max))
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        reply(answers, pack(Unreachable("Ray is not installed: pip install 'backtape[ray]'")))
    except Exception as error:
        reply(answers, pack(Unreachable(_in_short(error))))
    else:
        anyio.run(Driver(cluster, questions, answers).serve)


if __name__ == "__main__":
    main()
