"""What the layers know about a request in common."""

import secrets

import msgspec
from starlette.types import Scope

from service.logs import REQUEST_ID

_SCOPE_KEY = "backtape.context"
REQUEST_ID_CHARACTERS_MAX = 128

Header = tuple[bytes, bytes]


class RequestContext(msgspec.Struct):
    """One request's identity and answer. ``headers`` go out with its response.

    ``key`` is the name of the API key that it came with, never the key. ``status`` is the HTTP
    status once the response has begun, or a WebSocket's close code.
    """

    request_id: str
    headers: list[Header]
    key: str | None = None
    status: int | None = None


def open_context(scope: Scope) -> RequestContext:
    """Give the request its id, the client's own where it is fit to be logged, and a context."""
    request_id = _given_request_id(scope) or secrets.token_hex(16)
    context = RequestContext(request_id, [(b"x-request-id", request_id.encode())])
    scope[_SCOPE_KEY] = context
    REQUEST_ID.set(request_id)
    return context


def context_of(scope: Scope) -> RequestContext:
    """The context of the request that ``scope`` belongs to."""
    context: RequestContext = scope[_SCOPE_KEY]
    return context


def _given_request_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            is_fit = 0 < len(text) <= REQUEST_ID_CHARACTERS_MAX
            return text if is_fit and text.isascii() and text.isprintable() else None
    return None
