"""Who is asking, how often, and may they: authentication and the rate limit."""

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.attempts import WrongKeys
from service.http.context import RequestContext, address_of, context_of
from service.http.errors import TooManyRequestsError, UnauthorizedError
from service.http.failures import POLICY_VIOLATION
from service.http.keys import ApiKeys, credentials
from service.http.rate_limit import MICROSECONDS, RateLimit
from service.http.sessions import Sessions

DOCUMENTATION_PATHS = frozenset(
    {"/", "/openapi.json", "/asyncapi.json", "/docs"}
    | {f"/docs/{name}" for name in ("style.css", "swagger.js", "start.js")}
)
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/api/v1/health"}) | DOCUMENTATION_PATHS
UNCOUNTED_PATHS = frozenset({"/healthz", "/readyz"})
KEY_REQUIRED = "a valid API key is required: Authorization: Bearer <key> or X-API-Key: <key>"


class Gate:
    """Names the key, counts the request for it (or for the address without one), then decides.

    What the key is good for is noted for the operation to look at. A WebSocket ends with its key.

    Counting comes first, so that guessing keys is counted too; wrong ones are on every path, for an
    open one may answer more to who has a key. WebSocket handshakes are not counted. ``monotonic``
    is in microseconds, ``now`` in seconds since the Unix epoch.
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
        self._wrong_keys = WrongKeys()
        self._sessions = Sessions(keys)
        self._monotonic = monotonic
        self._now = now

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection that may pass; raises 401 or 429 for one that may not."""
        if scope["type"] == "lifespan":
            return self._app(scope, receive, send)
        self._admit(scope)
        serve = self._app if scope["type"] == "http" else self._websocket
        return serve(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = context_of(scope)
        with self._sessions.session(context.key) as session:
            await self._app(scope, receive, send)
        if session.ended is not None and context.status is None:
            close = {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": session.ended}
            await session.farewell(send, close)

    def _admit(self, scope: Scope) -> None:
        moment = self._monotonic()
        context = context_of(scope)
        context.sessions = self._sessions
        key = self._keys.find(scope, moment)
        if key is not None:
            context.key = key.name
        if scope["type"] == "http" and scope["path"] not in UNCOUNTED_PATHS:
            self._count(context, context.key or address_of(scope), moment)
        refusal = None if key is None else self._keys.refusal(key)
        if not self._keys.required:
            context.scope = "admin"  # of whoever can reach a service without keys
        elif key is not None and refusal is None:
            context.scope = key.scope
        else:
            if key is None:
                self._count_wrong_key(scope, moment)
            if scope["path"] not in OPEN_PATHS:
                raise UnauthorizedError(refusal or KEY_REQUIRED)

    def _count(self, context: RequestContext, client: str, moment: int) -> None:
        allowance = self._rate_limit.take(client, moment)
        reset = self._now() + _seconds(allowance.until_full)
        context.headers += [
            (b"x-ratelimit-limit", b"%d" % self._rate_limit.limit),
            (b"x-ratelimit-remaining", b"%d" % allowance.remaining),
            (b"x-ratelimit-reset", b"%d" % reset),
        ]
        if allowance.wait:
            wait = _seconds(allowance.wait)
            raise TooManyRequestsError(f"rate limit exceeded; try again in {wait} s", wait)

    def _count_wrong_key(self, scope: Scope, moment: int) -> None:
        """Raise 429 past the limit. A right key is let in whatever was tried before it."""
        if any(credentials(scope)):
            wait = _seconds(self._wrong_keys.count(address_of(scope), moment))
            if wait:
                said = f"too many wrong API keys from this address; try again in {wait} s"
                raise TooManyRequestsError(said, wait)


def _seconds(microseconds: int) -> int:
    return -(-microseconds // MICROSECONDS)
