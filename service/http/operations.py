"""What the API can do, an operation each: what serves it and what describes it are made from this.

A handler's own signature says what it takes: ``query`` and ``body`` are decoded into the types that
they are annotated with before it is called.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from inspect import Parameter, signature
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias, get_type_hints

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from service.http.context import context_of
from service.http.errors import StoppingError
from service.http.requests import (
    NoQuery,
    query_parameters,
    read_header,
    read_json,
    require_within,
)
from service.http.scopes import require_scope
from service.keys.scopes import KeyScope
from service.metrics.traffic import Traffic

Handler: TypeAlias = Callable[..., Awaitable[Response]]

JSON = "application/json"
HTML = "text/html"
NDJSON = "application/x-ndjson"

MIN_POSITION = "X-Min-Log-Position"


class Answer(NamedTuple):
    """What a client gets where all goes well.

    ``content`` maps each media type to the type of the body: one that msgspec knows, or ``bytes``
    for a file and ``str`` for text. ``headers`` are the names of those that only this answer has.
    """

    description: str
    content: Mapping[str, Any] = {}
    status: int = 200
    headers: Sequence[str] = ()


UNMODIFIED = Answer("it is as the client has it", status=304, headers=["ETag"])
"""The answer to an ``If-None-Match`` that names what there is."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path.

    ``refuses``: the statuses that only this operation has, beside those of every one. ``takes``:
    the names of request headers that mean something to it. ``scope``: what a key must be good for;
    ``None`` where none is needed.
    """

    method: str
    path: str
    handler: Handler
    answers: Sequence[Answer]
    refuses: Sequence[int] = ()
    takes: Sequence[str] = ()
    scope: KeyScope | None = "read"

    @property
    def query(self) -> type[msgspec.Struct]:
        """The type of the query; one without fields where it takes none."""
        query: type[msgspec.Struct] = _annotation(self.handler, "query", NoQuery)
        return query

    @property
    def body(self) -> Any:
        """The type of the body, or ``None`` where it takes none."""
        return _annotation(self.handler, "body", None)

    @property
    def body_default(self) -> Any:
        """What stands for a body that is not there, or ``None`` where it has to be."""
        body = signature(self.handler).parameters.get("body")
        return None if body is None or body.default is Parameter.empty else body.default


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A WebSocket of events: the payloads of each type, and the codes that it is closed with."""

    path: str
    handler: Callable[[WebSocket], Awaitable[None]]
    query: type[msgspec.Struct]
    payloads: Mapping[str, Sequence[type]]
    closes: Sequence[int]
    scope: KeyScope = "read"


def routes_of(operations: Iterable[Operation], streams: Iterable[Stream] = ()) -> list[BaseRoute]:
    """The routes: one for each path, so that a 405 names all its methods.

    Families of paths stand as they are given, the one that is asked for most first. Each is sorted,
    for that puts a path's fixed parts before what would take any text there.
    """
    given = list(operations)
    families = list(dict.fromkeys(_family(operation) for operation in given))
    given.sort(key=lambda operation: (families.index(_family(operation)), operation.path))
    by_path = groupby(given, key=_path)
    return [
        *(_route(path, list(its_operations)) for path, its_operations in by_path),
        *(WebSocketRoute(stream.path, _guarded(stream)) for stream in streams),
    ]


def _path(operation: Operation) -> str:
    return operation.path


def _family(operation: Operation) -> str:
    return operation.path.split("/")[1]


def _route(path: str, operations: Sequence[Operation]) -> Route:
    by_path = PathOperations(path, operations)
    return Route(path, by_path, methods=by_path.methods)


class PathOperations:
    """The operations of one path, as an ASGI app: what they raise is for the layers around it."""

    def __init__(self, path: str, operations: Sequence[Operation]) -> None:
        self._path = path
        self._endpoints = {operation.method: _endpoint(operation) for operation in operations}
        if "GET" in self._endpoints:
            self._endpoints["HEAD"] = self._endpoints["GET"]

    @property
    def methods(self) -> list[str]:
        """What may be done with the path."""
        return list(self._endpoints)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of one of the methods."""
        context_of(scope).route = self._path
        response = await self._endpoints[scope["method"]](Request(scope, receive, send))
        await response(scope, receive, send)


def _endpoint(operation: Operation) -> Handler:
    """Decode what the handler takes, then call it."""
    handler, query_type, body_type = operation.handler, operation.query, operation.body
    default, takes_query = operation.body_default, operation.query is not NoQuery

    async def endpoint(request: Request) -> Response:
        if operation.scope is not None:
            core = request.scope["state"]["core"]
            if core.stopping.is_set():
                raise StoppingError
            require_scope(request.scope, operation.scope)
            log_id = core.store.log_id.encode()
            context_of(request.scope).headers.append((b"x-log-id", log_id))
        arguments: dict[str, Any] = {}
        query = query_parameters(request, query_type)
        if takes_query:
            arguments["query"] = query
        if body_type is not None:
            arguments["body"] = await read_json(request, body_type, default)
        if operation.scope is not None:
            position = read_header(request, MIN_POSITION)
            if position is not None:
                # Whoever knows of more than this log has is refused: every read is of its head.
                require_within(MIN_POSITION, position, await core.store.head())
        return await handler(request, **arguments)

    return endpoint


def _guarded(stream: Stream) -> Callable[[WebSocket], Awaitable[None]]:
    async def endpoint(websocket: WebSocket) -> None:
        require_scope(websocket.scope, stream.scope)
        traffic: Traffic = websocket.app.state.traffic
        with traffic.socket(stream.path):
            await stream.handler(websocket)

    return endpoint


def _annotation(handler: Handler, parameter: str, absent: Any) -> Any:
    return get_type_hints(handler).get(parameter, absent)
