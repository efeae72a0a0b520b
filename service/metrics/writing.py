"""How the writing of the log goes."""

from collections import Counter
from typing import NamedTuple

from eventstore.errors import AppendFailed, AppendTimeout, EventStoreError, VersionConflict
from service import clock
from service.metrics.histogram import Histogram

REASONS: dict[type[EventStoreError], str] = {
    VersionConflict: "version_conflict",
    AppendTimeout: "queue_full",
    AppendFailed: "write_failed",
}
OTHER_REASON = "closed"


class Failure(NamedTuple):
    """Why an append could not be written, and when, in microseconds of a monotonic clock."""

    reason: str
    moment: int


class Writing:
    """The event store's ``Observer``. ``failure``: what went wrong since the last good append."""

    def __init__(self) -> None:
        self.failure: Failure | None = None
        self.append_seconds = Histogram()
        self.commit_seconds = Histogram()
        self.events = 0
        self.refusals = Counter(dict.fromkeys((*REASONS.values(), OTHER_REASON), 0))

    def appended(self, seconds: float, events: int) -> None:
        """Count an append."""
        self.failure = None
        self.append_seconds.observe(seconds)
        self.events += events

    def refused(self, error: EventStoreError) -> None:
        """Count an append that was not written."""
        if isinstance(error, AppendFailed):
            self.failure = Failure(str(error), clock.monotonic_microseconds())
        self.refusals[REASONS.get(type(error), OTHER_REASON)] += 1

    def committed(self, seconds: float) -> None:
        """Count a transaction."""
        self.commit_seconds.observe(seconds)
