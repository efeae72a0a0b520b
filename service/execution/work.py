"""A job and the events that answer it, whatever process does it."""

from collections.abc import Iterator

from domain.runs.events import EncodedEvent
from service.execution.evaluating import Evaluations
from service.execution.frames import Check, Conclude, Evaluate, Execute, Job, Prepare
from service.execution.job import Source, execute_with


def events_of(job: Job, source: Source, evaluations: Evaluations) -> Iterator[list[EncodedEvent]]:
    """Do a job and yield its events in batches; what goes wrong ends it with ``state failed``.

    Raises ``MemoryError`` where a sweep's job took too much: the process is then worn out.
    """
    match job:
        case Execute():
            return execute_with(job.request, source, job.code)
        case Check():
            # Imported only now: a run need not wait for it.
            from service.execution.checking import check

            return check(job, source)
        case Prepare() | Evaluate() | Conclude():
            return evaluations.of(job)
