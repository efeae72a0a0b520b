"""Which pages of other origins may call the API (CORS)."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.headers import ANSWERED, TAKEN

METHODS = ("GET", "POST")
RUNNER_PREFIX = "/api/v1/"
RUNNER_METHODS = ("GET", "POST", "DELETE")
REQUEST_HEADERS = ("Authorization", "X-API-Key", "Content-Type", *TAKEN)


class CrossOrigin:
    """Starlette's CORS, with DELETE under the runner's prefix only."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._general = _cors(app, origins, METHODS)
        self._runner = _cors(app, origins, RUNNER_METHODS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection under the rules of its path."""
        is_runner = scope.get("path", "").startswith(RUNNER_PREFIX)
        await (self._runner if is_runner else self._general)(scope, receive, send)


def _cors(app: ASGIApp, origins: Sequence[str], methods: Sequence[str]) -> CORSMiddleware:
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=methods,
        allow_headers=REQUEST_HEADERS,
        expose_headers=tuple(ANSWERED),
    )
