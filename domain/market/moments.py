"""Moments as text: ISO 8601, UTC, with offset."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(microseconds: int) -> str:
    """Spell microseconds since the Unix epoch, e.g. ``2024-01-01T00:00:00+00:00``."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat()


def since_epoch(moment: datetime) -> int:
    """Count the microseconds from the Unix epoch to an aware ``moment``, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
