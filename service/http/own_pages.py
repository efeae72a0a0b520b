"""What a page of another site may not do: change anything, with or without the user's knowledge.

A browser sends some requests for any page that asks, without the preflight of CORS: a service that
needs no key, on the user's own machine, would create and cancel what that page likes.
"""

from collections.abc import Awaitable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.errors import ForbiddenError

CHANGING_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
ANY_ORIGIN = "*"
_OWN_SITES = (b"same-origin", b"none")


class OwnPages:
    """Raises 403 for a change that a page of an origin asks for which is not among ``origins``.

    Browsers name the page's origin with every such request, and nothing but a browser does.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection."""
        if scope["type"] == "http" and scope["method"] not in CHANGING_NOTHING:
            self._require_own_page(scope)
        return self._app(scope, receive, send)

    def _require_own_page(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        if not origin or ANY_ORIGIN in self._origins or origin in self._origins:
            return
        site = headers.get(b"sec-fetch-site")
        own = origin.partition("://")[2].encode("latin-1") == headers.get(b"host")
        if site not in _OWN_SITES and not (site is None and own):
            raise ForbiddenError(
                "a page of another origin may not change anything here; BACKTAPE_CORS_ORIGINS lists"
                " the origins that may"
            )
