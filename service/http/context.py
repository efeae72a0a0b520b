"""What the layers know about a request in common."""

from random import getrandbits
from typing import TYPE_CHECKING

import msgspec
from starlette.types import Scope

from service.keys.scopes import KeyScope
from service.logs import REQUEST_ID

if TYPE_CHECKING:
    from service.http.sessions import Sessions

_SCOPE_KEY = "backtape.context"
REQUEST_ID_CHARACTERS_MAX = 128
ADDRESS_CHARACTERS_MAX = 45

Header = tuple[bytes, bytes]


class RequestContext(msgspec.Struct):
    """One request's identity and answer. ``headers`` go out with its response.

    ``named_by_client``: the id is one that the client has sent.

    ``key`` is the name of the API key that it came with, never the key. ``scope`` is what the key
    is good for (``None``: there is none), ``sessions`` what ends as it does. ``status`` is the HTTP
    status once the response has begun, or a WebSocket's close code; ``route`` is the path as it is
    declared, where there is one that takes the request.
    """

    request_id: str
    headers: list[Header]
    named_by_client: bool = False
    key: str | None = None
    scope: KeyScope | None = None
    sessions: "Sessions | None" = None
    status: int | None = None
    route: str | None = None


def open_context(scope: Scope) -> RequestContext:
    """Give the request its id, the client's own where it is fit to be logged, and a context."""
    given = _given_request_id(scope)
    request_id = given or f"{getrandbits(128):032x}"  # no secret: it need not cost a system call
    headers = [(b"x-request-id", request_id.encode())]
    context = RequestContext(request_id, headers, given is not None)
    scope[_SCOPE_KEY] = context
    REQUEST_ID.set(request_id)
    return context


def context_of(scope: Scope) -> RequestContext:
    """The context of the request that ``scope`` belongs to."""
    context: RequestContext = scope[_SCOPE_KEY]
    return context


def is_known(scope: Scope) -> bool:
    """Whether the request has come through the gate with a good key, or to where none is needed."""
    context: RequestContext | None = scope.get(_SCOPE_KEY)
    return context is not None and context.scope is not None


def address_of(scope: Scope) -> str:
    """The address that a request came from, ``-`` where there is none: never the name of a key.

    There is none of a connection that was lost already, and a proxy may pass on any text.
    """
    host: str = scope["client"][0] if scope["client"] else ""
    is_address = host[:1].isdigit() or ":" in host
    return host[:ADDRESS_CHARACTERS_MAX] if is_address else "-"


def _given_request_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            is_fit = 0 < len(text) <= REQUEST_ID_CHARACTERS_MAX
            return text if is_fit and text.isascii() and text.isprintable() else None
    return None
