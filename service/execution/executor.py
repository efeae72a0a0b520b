"""What the dispatcher asks of whatever executes runs."""

from collections.abc import AsyncGenerator
from typing import NamedTuple, Protocol

from domain.runs.events import EncodedEvent, Limit
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from service.execution.frames import Check, SweepJob


class ExecutorDied(Exception):
    """What executed the run is gone before the run's last event; the message says how it went.

    ``began``: whether it had taken the run up; if not, the run has nothing to do with it.
    """

    def __init__(self, message: str, *, began: bool = True) -> None:
        super().__init__(message)
        self.began = began


class LimitExceeded(Exception):
    """The run used more than it may of ``limit``; the message says how much that is."""

    def __init__(self, message: str, limit: Limit) -> None:
        super().__init__(message)
        self.limit = limit


class ExecutorUnavailable(Exception):
    """There is no such executor, or it does not answer; the message says which and why."""


class Workforce(NamedTuple):
    """The processes of an executor: how many there are, work on something, and were replaced.

    ``trouble``: why none could be started when that was last tried, ``None`` where one was.
    """

    alive: int
    busy: int
    replaced: int
    trouble: str | None


class Executor(Protocol):
    """Simulates runs and evaluates trials elsewhere: it only moves batches of events."""

    @property
    def capacity(self) -> int:
        """How many runs it executes at once, and as many jobs of sweeps."""

    @property
    def workforce(self) -> Workforce:
        """Who does the work."""

    async def tend(self) -> None:
        """See to it, until cancelled, that there is somebody to do the next work."""

    def execute(
        self, run_id: str, request: BacktestRequest, code: Code | None
    ) -> AsyncGenerator[list[EncodedEvent], None]:
        """Yield the run's events after ``state queued``, in batches; closing it stops the run.

        Raises ``ExecutorDied``, ``ExecutorUnavailable`` or ``LimitExceeded``. The same arguments
        yield the same events, however often.
        """

    def evaluate(self, job: SweepJob) -> AsyncGenerator[list[EncodedEvent], None]:
        """Yield the events that a job of a sweep asks for, in batches; closing it stops the job.

        Instead of them, or after some, comes ``state failed`` where the job cannot be done.
        Raises as ``execute`` does. The same job yields the same events; of ``Evaluate`` it may be
        fewer, from the first on.
        """

    async def check(self, check: Check) -> EncodedEvent:
        """Look for look-ahead in a finished run: its report, or ``state failed``.

        Raises as ``execute`` does.
        """
