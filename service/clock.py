"""The only clock: what asks the time asks here, and everything else takes it as an argument."""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_microseconds() -> int:
    """The wall clock: microseconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000


def now_seconds() -> int:
    """The wall clock: whole seconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000_000_000


def monotonic_microseconds() -> int:
    """A clock that never goes back, for durations and rates; its zero means nothing."""
    return time.monotonic_ns() // 1_000


def iso(microseconds: int) -> str:
    """A wall-clock reading as ISO 8601 in UTC with its offset, to the microsecond where needed.

    ``2024-01-01T00:00:00+00:00``, ``2024-01-01T00:00:00.000001+00:00``.
    """
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat()
