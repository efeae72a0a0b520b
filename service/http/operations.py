"""What the API can do, an operation each: what serves it and what describes it are made from this.

A handler's own signature says what it takes: ``query`` and ``body`` are decoded into the types that
they are annotated with before it is called.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from inspect import Parameter, signature
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypeAlias, get_type_hints

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from service.http.context import context_of
from service.http.requests import NoQuery, query_parameters, read_json

Handler: TypeAlias = Callable[..., Awaitable[Response]]
Scope: TypeAlias = Literal["read", "run", "admin"]

JSON = "application/json"
HTML = "text/html"
NDJSON = "application/x-ndjson"


class Answer(NamedTuple):
    """What a client gets where all goes well.

    ``content`` maps each media type to the type of the body: one that msgspec knows, or ``bytes``
    for a file and ``str`` for text. ``headers`` are the names of those that only this answer has.
    """

    description: str
    content: Mapping[str, Any] = {}
    status: int = 200
    headers: Sequence[str] = ()


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
    scope: Scope | None = "read"

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


def routes_of(operations: Iterable[Operation], streams: Iterable[Stream] = ()) -> list[BaseRoute]:
    """The routes: one for each path, so that a 405 names all its methods.

    They are sorted, for that puts a path's fixed parts before what would take any text there.
    """
    by_path = groupby(sorted(operations, key=_path), key=_path)
    return [
        *(_route(path, list(its_operations)) for path, its_operations in by_path),
        *(WebSocketRoute(stream.path, stream.handler) for stream in streams),
    ]


def _path(operation: Operation) -> str:
    return operation.path


def _route(path: str, operations: Sequence[Operation]) -> Route:
    endpoints = {operation.method: _endpoint(operation) for operation in operations}
    if "GET" in endpoints:
        endpoints["HEAD"] = endpoints["GET"]

    async def endpoint(request: Request) -> Response:
        return await endpoints[request.method](request)

    return Route(path, endpoint, methods=list(endpoints))


def _endpoint(operation: Operation) -> Handler:
    """Decode what the handler takes, then call it."""
    handler, query_type, body_type = operation.handler, operation.query, operation.body
    default, takes_query = operation.body_default, operation.query is not NoQuery

    async def endpoint(request: Request) -> Response:
        if operation.scope is not None:
            _name_log(request)
        arguments: dict[str, Any] = {}
        query = query_parameters(request, query_type)
        if takes_query:
            arguments["query"] = query
        if body_type is not None:
            arguments["body"] = await read_json(request, body_type, default)
        return await handler(request, **arguments)

    return endpoint


def _name_log(request: Request) -> None:
    log_id: str = request.state.core.store.log_id
    context_of(request.scope).headers.append((b"x-log-id", log_id.encode()))


def _annotation(handler: Handler, parameter: str, absent: Any) -> Any:
    return get_type_hints(handler).get(parameter, absent)
