"""Moments as text: ISO 8601, UTC, with offset."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(microseconds: int) -> str:
    """Spell microseconds since the Unix epoch, e.g. ``2024-01-01T00:00:00+00:00``."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    return f"{_second(seconds)}.{fraction:06}+00:00" if fraction else f"{_second(seconds)}+00:00"


def since_epoch(moment: datetime) -> int:
    """Count the microseconds from the Unix epoch to an aware ``moment``, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=1024)  # of the events of a stream, many share one
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
