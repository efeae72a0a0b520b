"""What the nodes of a Ray cluster do: load data, and do jobs on data that was loaded."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from domain.optimizations import events as sweeps
from domain.optimizations.applying import data_request
from domain.runs.events import EncodedEvent, Failed, encode
from domain.runs.request import BacktestRequest
from service.execution.evaluating import Evaluations
from service.execution.frames import Check, Execute, Job, Prepare
from service.execution.job import Gathered, MissingDataPolicy, failure, gather
from service.execution.memory import lift_limit, limit_memory
from service.execution.work import events_of
from service.market_data.catalog import Catalog

TOGETHER_SECONDS = 0.05
TOGETHER_BYTES_MAX = 1 << 20


def wanted_data(job: Job) -> BacktestRequest:
    """What to load for a job."""
    match job:
        case Execute(request=request):
            return request
        case Check(manifest=manifest):
            return manifest.request
        case _:
            return data_request(job.request)


def load(
    request: BacktestRequest, market: str, missing_data: MissingDataPolicy, memory_mib_max: int
) -> Gathered | Failed:
    """Load the data of a request on the node that has the catalog, or say why it cannot be."""
    limit_memory(memory_mib_max)
    try:
        return gather(request, Catalog(Path(market)), missing_data)
    except Exception as error:
        return failure(error, "queued")
    finally:
        lift_limit()


def perform(job: Job, data: Gathered | Failed, memory_mib_max: int) -> Iterator[list[EncodedEvent]]:
    """Yield nothing at first, as a sign that the job has begun, then the events that answer it."""
    yield []
    limit_memory(memory_mib_max)
    try:
        if isinstance(data, Failed):
            yield [_without_data(job, data)]
        else:
            evaluations = _workplace.evaluations_of(job, data)
            yield from together(events_of(job, lambda _: data, evaluations))
    finally:
        lift_limit()


def together(batches: Iterator[list[EncodedEvent]]) -> Iterator[list[EncodedEvent]]:
    """Put batches together that come within ``TOGETHER_SECONDS``: each is a message or two.

    A ``MemoryError`` ends them: what has come so far is the answer.
    """
    waiting: list[EncodedEvent] = []
    size, due = 0, time.monotonic()
    with suppress(MemoryError):
        for events in batches:
            waiting += events
            size += sum(len(event.attachment or b"") for event in events)
            if size >= TOGETHER_BYTES_MAX or time.monotonic() >= due:
                yield waiting
                waiting = []
                size, due = 0, time.monotonic() + TOGETHER_SECONDS
    if waiting:
        yield waiting


class _Workplace:
    """What a worker process keeps from one task to the next: the sweep it worked on last."""

    def __init__(self) -> None:
        self._run_id = ""
        self._evaluations: Evaluations

    def evaluations_of(self, job: Job, data: Gathered) -> Evaluations:
        if self._run_id != job.run_id:
            self._run_id = job.run_id
            self._evaluations = Evaluations(lambda _: data)
        return self._evaluations


_workplace = _Workplace()


def _without_data(job: Job, failed: Failed) -> EncodedEvent:
    match job:
        case Execute():
            return encode(failed)
        case Check():
            return encode(msgspec.structs.replace(failed, previous_state="running"))
        case _:
            state: Literal["pending", "running"] = (
                "pending" if isinstance(job, Prepare) else "running"
            )
            return sweeps.encode(sweeps.Failed(failed.error, state))
