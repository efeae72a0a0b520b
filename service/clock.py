"""The only clock: what asks the time asks here, and everything else takes it as an argument."""

import time


def now_microseconds() -> int:
    """The wall clock: microseconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000


def now_seconds() -> int:
    """The wall clock: whole seconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000_000_000


def monotonic_microseconds() -> int:
    """A clock that never goes back, for durations and rates; its zero means nothing."""
    return time.monotonic_ns() // 1_000
