"""Who is asking, how often, and may they: authentication and the rate limit."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.context import RequestContext, context_of
from service.http.errors import TooManyRequestsError, UnauthorizedError
from service.http.keys import ApiKeys
from service.http.rate_limit import MICROSECONDS, RateLimit

OPEN_PATHS = frozenset({"/healthz", "/api/v1/health"})
UNCOUNTED_PATHS = frozenset({"/healthz"})


class Gate:
    """Names the key, counts the request for it (or for the address without one), then decides.

    Counting comes first, so that guessing keys is limited too. WebSocket handshakes are not
    counted. ``monotonic`` is in microseconds, ``now`` in seconds since the Unix epoch.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: ApiKeys,
        rate_limit: RateLimit,
        monotonic: Callable[[], int],
        now: Callable[[], int],
    ) -> None:
        self._app = app
        self._keys = keys
        self._rate_limit = rate_limit
        self._monotonic = monotonic
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection that may pass; raises 401 or 429 for one that may not."""
        if scope["type"] != "lifespan":
            self._admit(scope)
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        context = context_of(scope)
        context.key = self._keys.name_of(scope)
        if scope["type"] == "http" and scope["path"] not in UNCOUNTED_PATHS:
            self._count(context, context.key or _address(scope))
        if self._keys and context.key is None and scope["path"] not in OPEN_PATHS:
            raise UnauthorizedError(
                "a valid API key is required: Authorization: Bearer <key> or X-API-Key: <key>"
            )

    def _count(self, context: RequestContext, client: str) -> None:
        allowance = self._rate_limit.take(client, self._monotonic())
        reset = self._now() + _seconds(allowance.until_full)
        context.headers += [
            (b"x-ratelimit-limit", b"%d" % self._rate_limit.limit),
            (b"x-ratelimit-remaining", b"%d" % allowance.remaining),
            (b"x-ratelimit-reset", b"%d" % reset),
        ]
        if allowance.wait:
            wait = _seconds(allowance.wait)
            raise TooManyRequestsError(f"rate limit exceeded; try again in {wait} s", wait)


def _address(scope: Scope) -> str:
    client = scope["client"]
    return client[0] if client else "unknown"


def _seconds(microseconds: int) -> int:
    return -(-microseconds // MICROSECONDS)
