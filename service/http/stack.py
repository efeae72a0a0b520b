"""The layers that every request passes, outermost first."""

from collections.abc import Callable

from starlette.middleware import Middleware

from service import clock
from service.http.body_limit import BodyLimit
from service.http.compression import Compression
from service.http.cross_origin import CrossOrigin
from service.http.edge import Edge
from service.http.failures import Failures
from service.http.gate import Gate
from service.http.keys import ApiKeys
from service.http.own_pages import OwnPages
from service.http.rate_limit import RateLimit
from service.http.socket_limit import SocketLimit
from service.metrics.traffic import Traffic
from service.settings import Settings


def middleware(
    settings: Settings,
    monotonic: Callable[[], int] = clock.monotonic_microseconds,
    now: Callable[[], int] = clock.now_seconds,
    keys: ApiKeys | None = None,
    traffic: Traffic | None = None,
) -> list[Middleware]:
    """The cross-cutting rules as the layers of an ``Application``.

    ``monotonic`` is in microseconds, ``now`` in seconds since the Unix epoch. ``keys``: those that
    open the service, in the place of the settings' own and the data folder's. ``traffic`` counts
    the requests.
    """
    if keys is None:
        keys = ApiKeys(settings.api_keys, settings.keys_path, now)
    # Around all others: no response leaves without headers, none is left uncounted.
    layers = [Middleware(Edge, monotonic, Traffic() if traffic is None else traffic)]
    if settings.cors_origins:
        # Outside the gate, for a preflight carries no key; outside failures, so that a page can
        # read what went wrong.
        layers.append(Middleware(CrossOrigin, settings.cors_origins))
    return [
        *layers,
        Middleware(Failures),  # what the layers below raise becomes a response here
        Middleware(
            Gate,
            keys,
            RateLimit(settings.rate_limit, settings.rate_window),
            monotonic,
            now,
        ),
        Middleware(OwnPages, settings.cors_origins),
        Middleware(SocketLimit, settings.sockets_max),
        Middleware(BodyLimit, settings.max_body_bytes),  # a stranger's body is not even measured
        Middleware(Compression),
    ]
