"""Wrong API keys: an address that offers too many of them is told to stop."""

import ipaddress

from service.http.rate_limit import RateLimit

WRONG_KEYS_MAX = 20
WINDOW_SECONDS = 60
NETWORK_BITS = 64  # of an IPv6 address: whoever has one has all of these


class WrongKeys:
    """Counts wrong keys by address, in a bounded memory."""

    def __init__(self) -> None:
        self._limit = RateLimit(WRONG_KEYS_MAX, WINDOW_SECONDS)

    def __len__(self) -> int:
        return len(self._limit)

    def count(self, address: str, now: int) -> int:
        """Count one at ``now``; how long the address is to wait before the next, 0 for not at all.

        Times are monotonic, in microseconds.
        """
        return self._limit.take(_network(address), now).wait


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a socket of the file system has none
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, NETWORK_BITS), strict=False))
