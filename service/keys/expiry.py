"""Until when a key is good, as a user says it."""

import re
from datetime import UTC, datetime

from service.keys.key_file import KeysError

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dh])")
_SECONDS = {"d": 86_400, "h": 3_600}


def read_expiry(text: str, now: int) -> int:
    """The moment that ``text`` names, in seconds since the epoch: ``90d``, ``12h``, or ISO 8601.

    What has no offset is UTC; a date is its first moment. Raises ``KeysError`` for what is neither,
    or lies in the past.
    """
    span = _SPAN.fullmatch(text)
    moment = now + int(span[1]) * _SECONDS[span[2]] if span else _moment(text)
    if moment <= now:
        raise KeysError(f"--expires {text}: that is over; name a moment to come")
    return moment


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise KeysError(
            f"--expires {text}: neither a span such as 90d or 12h"
            " nor ISO 8601 such as 2030-01-31 or 2030-01-31T18:00:00+01:00"
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
