"""What clients ask for, and how long it takes to answer."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from service.metrics.histogram import Histogram

NO_ROUTE = "none"
NO_METHOD = "other"


class Traffic:
    """Requests by route: the path as it is declared, never the one that a client sent.

    What no route took has the route ``none`` and the method ``other``: the numbers are as many as
    the service has routes, whatever comes.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.seconds: dict[str, Histogram] = {}
        self.in_flight = 0
        self.sockets: Counter[str] = Counter()

    def began(self) -> None:
        """Count a request that has come."""
        self.in_flight += 1

    def ended(self, method: str, route: str | None, status: int | None, duration: int) -> None:
        """Count a request that took ``duration`` microseconds; no status: the client left."""
        self.in_flight -= 1
        if route is None:
            method, route = NO_METHOD, NO_ROUTE
        self.requests[method, route, status or 0] += 1
        histogram = self.seconds.get(route)
        if histogram is None:
            histogram = self.seconds[route] = Histogram()
        histogram.observe(duration / 1_000_000)

    @contextmanager
    def socket(self, route: str) -> Iterator[None]:
        """Count a WebSocket for as long as it is open."""
        self.sockets[route] += 1
        try:
            yield
        finally:
            self.sockets[route] -= 1
