"""What the dispatcher asks of whatever executes runs."""

from collections.abc import AsyncGenerator
from typing import Protocol

from domain.runs.events import EncodedEvent, Limit
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code


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


class Executor(Protocol):
    """Simulates runs elsewhere: it only moves batches of events."""

    @property
    def capacity(self) -> int:
        """How many runs it executes at once."""

    def execute(
        self, run_id: str, request: BacktestRequest, code: Code | None
    ) -> AsyncGenerator[list[EncodedEvent], None]:
        """Yield the run's events after ``state queued``, in batches; closing it stops the run.

        Raises ``ExecutorDied`` or ``LimitExceeded``. The same arguments yield the same events,
        however often.
        """
