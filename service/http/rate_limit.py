"""Token buckets for ever so many clients in a bounded memory."""

from collections import OrderedDict
from typing import NamedTuple

MICROSECONDS = 1_000_000
BUCKETS_MAX = 10_000


class Allowance(NamedTuple):
    """What the bucket says to one request; times in microseconds from now.

    ``wait`` is 0 where the request may pass, else the time until the next may.
    """

    remaining: int
    until_full: int
    wait: int


class RateLimit:
    """``limit`` requests per ``window`` seconds for each client, in a burst or spread out.

    A token bucket that holds one number per client, the time at which it is full again
    (the virtual scheduling algorithm of ITU-T I.371): a bucket that is full needs no memory.
    """

    def __init__(self, limit: int, window: int, buckets_max: int = BUCKETS_MAX) -> None:
        self.limit = limit
        self._interval = -(-window * MICROSECONDS // limit)
        self._capacity = self._interval * limit
        self._buckets_max = buckets_max
        self._full_at: OrderedDict[str, int] = OrderedDict()  # least recently used first

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, client: str, now: int) -> Allowance:
        """Take a token from the bucket of ``client`` at ``now``, a monotonic time in microseconds.

        A request that finds the bucket empty takes nothing.
        """
        until_full = max(self._full_at.get(client, now) - now, 0) + self._interval
        wait = max(until_full - self._capacity, 0)
        if wait:
            return Allowance(0, until_full - self._interval, wait)
        self._full_at[client] = now + until_full
        self._full_at.move_to_end(client)
        self._forget(now)
        return Allowance((self._capacity - until_full) // self._interval, until_full, 0)

    def _forget(self, now: int) -> None:
        """Drop the buckets that are full again, and the longest unused where there are too many."""
        while self._full_at:
            client, full_at = next(iter(self._full_at.items()))
            if full_at > now and len(self._full_at) <= self._buckets_max:
                return
            del self._full_at[client]
