"""Which pages of other origins may call the API (CORS)."""

from collections.abc import Awaitable, Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.context import context_of
from service.http.headers import ANSWERED, TAKEN

METHODS = ("GET", "POST")
RUNNER_PREFIX = "/api/v1/"
RUNNER_METHODS = ("GET", "POST", "DELETE")
REQUEST_HEADERS = ("Authorization", "X-API-Key", "Content-Type", *TAKEN)


class CrossOrigin:
    """Starlette's CORS, with DELETE under the runner's prefix only."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._general = _cors(app, origins, METHODS)
        self._runner = _cors(app, origins, RUNNER_METHODS)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection under the rules of its path."""
        if scope["type"] == "http" and not _is_of_a_page(scope):
            context_of(scope).headers.append((b"vary", b"Origin"))
            return self._app(scope, receive, send)
        is_runner = scope.get("path", "").startswith(RUNNER_PREFIX)
        return (self._runner if is_runner else self._general)(scope, receive, send)


def _is_of_a_page(scope: Scope) -> bool:
    for name, _ in scope["headers"]:  # noqa: SIM110 - every request comes this way
        if name == b"origin":
            return True
    return False


def _cors(app: ASGIApp, origins: Sequence[str], methods: Sequence[str]) -> CORSMiddleware:
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=methods,
        allow_headers=REQUEST_HEADERS,
        expose_headers=tuple(ANSWERED),
    )
