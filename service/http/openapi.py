"""The OpenAPI document, made of the same operations that the routes are made of."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import Meta

from service.http.errors import Refusal
from service.http.gate import UNCOUNTED_PATHS
from service.http.headers import ANSWERED, TAKEN, Header
from service.http.operations import JSON, MIN_POSITION, Answer, Operation
from service.http.schemas import (
    Document,
    Shape,
    description_of,
    in_markdown,
    with_schemas,
    without_none,
)

Examples = Mapping[Any, Any]

ABOUT = (
    "Every state change, progress tick, metric and log line is an event in an append-only log;"
    " all that is answered here is either that log as it stands or a fold over it."
    " The streams are described in [asyncapi.json](/asyncapi.json)."
)
TAGS = {
    "backtests": "Runs: create, follow, read",
    "strategies": "What runs can trade by",
    "optimizations": "Searches for parameters, and how much to trust what they find",
    "events": "The log as it stands",
    "audit": "Evidence for whoever trusts nobody",
    "operations": "The service itself",
}
PATH_PARAMETERS: Mapping[str, Header] = {
    "run_id": Header("the run's id", UUID),
    "optimization_id": Header("the optimization's id", UUID),
    "event_id": Header("the event's number in its stream", Annotated[int, Meta(ge=1)]),
    "name": Header("the strategy's name"),
}
KEYS: Document = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key"},
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "an API key",
    },
}
OF_EVERY_ANSWER = ("X-Request-ID", "Vary")
COUNTED = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


class _Refused(NamedTuple):
    description: str
    headers: Sequence[str] = ()


REFUSALS: Mapping[int, _Refused] = {
    400: _Refused("something in the request is wrong; the text says what would be right"),
    401: _Refused("no API key, or a wrong one", ["WWW-Authenticate"]),
    403: _Refused("the API key is not good for this, or a page of another origin asks for it"),
    404: _Refused("there is no such thing"),
    406: _Refused("none of the media types asked for can be given"),
    408: _Refused("the request came too slowly"),
    409: _Refused("not in the state that the thing is in", ["Retry-After"]),
    412: _Refused("the thing is no longer what `If-Match` says"),
    413: _Refused("the body is larger than the service takes"),
    414: _Refused("the target of the request is longer than the service takes"),
    415: _Refused("the body is declared to be something else than JSON"),
    416: _Refused("a cursor, or a moment of the past, beyond the head"),
    422: _Refused("the same `Idempotency-Key` came with another request before"),
    429: _Refused("too many requests", ["Retry-After"]),
    431: _Refused("more headers than the service takes, or larger ones"),
    500: _Refused("our fault: the server's log has it under the request's id"),
    503: _Refused("not at the moment; nothing that was accepted is lost", ["Retry-After"]),
}
OF_EVERY_OPERATION = (400, 413, 414, 429, 431, 500, 503)


def openapi(
    operations: Sequence[Operation], examples: Examples, version: str, *, guarded: bool
) -> Document:
    """Describe ``operations`` after OpenAPI 3.1; ``guarded``: whether they need a key.

    ``examples`` maps types of bodies to values of them, as JSON has them.
    """
    paths: dict[str, Document] = {}
    for operation in operations:
        path = paths.setdefault(template_of(operation.path), {})
        path[operation.method.lower()] = _operation(operation, operations, examples, guarded)
    return with_schemas(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Backtape",
                "version": version,
                "summary": "An event-sourced backtest service",
                "description": ABOUT,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/"}],
            "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
            "paths": paths,
            "components": {
                "securitySchemes": KEYS,
                "headers": {name: _header(header) for name, header in ANSWERED.items()},
                "parameters": {
                    name: _parameter(name, "header", header) for name, header in TAKEN.items()
                },
                "responses": {str(status): _refusal(status) for status in REFUSALS},
            },
        }
    )


def template_of(path: str) -> str:
    """A route's path without its converters."""
    return re.sub(r":\w+}", "}", path)


def _as_title(sentence: str) -> str:
    """A summary is plain text: no Markdown, a capital first, no full stop."""
    plain = sentence.replace("`", "").removesuffix(".")
    return plain[:1].upper() + plain[1:]


def _operation(
    operation: Operation, operations: Sequence[Operation], examples: Examples, guarded: bool
) -> Document:
    summary, _, more = in_markdown(operation.handler.__doc__).partition("\n\n")
    described: Document = {
        "operationId": _id(operation),
        "tags": [_tag(operation)],
        "summary": _as_title(summary.partition("`: ")[2] or summary),
        "parameters": list(_parameters(operation)),
        "responses": dict(_responses(operation, operations, examples, guarded)),
    }
    if more:
        described["description"] = more
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.body_default is None,
            "content": {JSON: _content(JSON, operation.body, examples)},
        }
    if guarded and operation.scope is not None:
        described["security"] = [{name: []} for name in KEYS]
    return described


def _id(operation: Operation) -> str:
    return f"{operation.handler.__module__.rpartition('.')[2]}_{operation.handler.__name__}"


def _tag(operation: Operation) -> str:
    family = operation.path.split("/")[1]
    return family if family in TAGS else "operations"


def _parameters(operation: Operation) -> Iterator[Document]:
    for name in _path_names(operation):
        yield _parameter(name, "path", PATH_PARAMETERS[name])
    for field in msgspec.structs.fields(operation.query):
        described = {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": Shape(without_none(field.type)),
        }
        description = description_of(field.type)
        yield described if description is None else {**described, "description": description}
    of_log = () if operation.scope is None else (MIN_POSITION,)
    for name in ("X-Request-ID", *of_log, *operation.takes):
        # OpenAPI leaves Accept to the media types of the answers.
        if name != "Accept":
            yield {"$ref": f"#/components/parameters/{name}"}


def _parameter(name: str, place: str, header: Header) -> Document:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": header.description,
        "schema": Shape(header.form),
    }


def _path_names(operation: Operation) -> list[str]:
    return re.findall(r"{(\w+)", operation.path)


def _responses(
    operation: Operation, operations: Sequence[Operation], examples: Examples, guarded: bool
) -> Iterator[tuple[str, Document]]:
    statuses = {*operation.refuses, *OF_EVERY_OPERATION}
    if operation.body is not None:
        statuses |= {408, 415}
    if operation.scope is not None:
        statuses |= {401, 416} if guarded else {416}
    if operation.scope in ("run", "admin"):
        statuses.add(403)
    for answer in operation.answers:
        statuses.discard(answer.status)
        yield str(answer.status), _answer(answer, operation, operations, examples)
    for status in sorted(statuses):
        yield str(status), {"$ref": f"#/components/responses/{status}"}


def _answer(
    answer: Answer, operation: Operation, operations: Sequence[Operation], examples: Examples
) -> Document:
    described: Document = {
        "description": answer.description,
        "headers": _headers([*_headers_of_all(operation, answer), *answer.headers]),
    }
    if answer.content:
        described["content"] = {
            media_type: _content(media_type, kind, examples)
            for media_type, kind in answer.content.items()
        }
    if links := dict(_links(answer, operation, operations)):
        described["links"] = links
    return described


def _headers_of_all(operation: Operation, answer: Answer) -> Iterator[str]:
    yield from OF_EVERY_ANSWER
    if operation.scope is not None:
        yield "X-Log-Id"
    if operation.path not in UNCOUNTED_PATHS:
        yield from COUNTED
    if answer.content:
        yield "Content-Encoding"


def _content(media_type: str, kind: Any, examples: Examples) -> Document:
    if kind is bytes or media_type != JSON:
        return {}
    example = example_of(kind, examples)
    described: Document = {"schema": Shape(kind)}
    return described if example is None else {**described, "example": example}


def example_of(kind: Any, examples: Examples) -> Any:
    """The example of a type, or of a list of it, as JSON has it; ``None`` where there is none."""
    if get_origin(kind) is list:
        item = example_of(get_args(kind)[0], examples)
        return None if item is None else [item]
    return examples.get(kind)


def _links(
    answer: Answer, operation: Operation, operations: Sequence[Operation]
) -> Iterator[tuple[str, Document]]:
    """What can be done with what was created."""
    created = answer.content.get(JSON)
    fields = getattr(created, "__struct_fields__", ())
    for other in operations if answer.status == 201 else ():
        names = _path_names(other)
        if other.path.startswith(f"{operation.path}/") and len(names) == 1 and names[0] in fields:
            parameters = {name: f"$response.body#/{name}" for name in names}
            yield _id(other), {"operationId": _id(other), "parameters": parameters}


def _headers(names: Sequence[str]) -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(header: Header) -> Document:
    return {"description": header.description, "schema": Shape(header.form)}


def _refusal(status: int) -> Document:
    refused = REFUSALS[status]
    return {
        "description": refused.description,
        "headers": _headers([*OF_EVERY_ANSWER, "X-Log-Id", *COUNTED, *refused.headers]),
        "content": {
            JSON: {
                "schema": Shape(Refusal),
                "example": {"detail": refused.description},
            }
        },
    }
