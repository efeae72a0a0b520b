"""Which bars a request for a stretch of time asks for, and how to name their times."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.market.moments import iso, since_epoch
from domain.market.resolution import Resolution

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = since_epoch(datetime(2, 1, 1, tzinfo=UTC))
_LATEST = since_epoch(datetime(9998, 1, 1, tzinfo=UTC))


def session_range(start: int, end: int, resolution: Resolution, timezone: str) -> tuple[int, int]:
    """Turn a range of moments into the range of bar timestamps that it covers, both inclusive.

    All in microseconds since the Unix epoch, UTC. Bars shorter than a day are stamped with moments,
    so their range stays as it is. A daily bar is stamped with midnight UTC of its session *date*:
    it is compared with the wall-clock time that ``timezone`` (an IANA name) showed at ``start`` and
    ``end``. So 2024-01-02 to 2024-01-05 in New York covers the sessions of both dates, although New
    York's midnights are 05:00 UTC; in UTC nothing changes.
    """
    if resolution is not Resolution.DAY:
        return start, end
    zone = ZoneInfo(timezone)
    return _wall_clock(start, zone), _wall_clock(end, zone)


def spelled(time: int, resolution: Resolution) -> str:
    """Spell a bar's timestamp for a reader: the date of a daily bar, ISO 8601 of any other."""
    return iso(time)[:10] if resolution is Resolution.DAY else iso(time)


def _wall_clock(time: int, zone: ZoneInfo) -> int:
    # Clamped, so that an "open end" in the year 9999 stays within what datetime can convert.
    moment = _EPOCH + timedelta(microseconds=min(max(time, _EARLIEST), _LATEST))
    return since_epoch(moment.astimezone(zone).replace(tzinfo=UTC))
