"""What a client sent, decoded into a type, or a 400 that says what was wrong."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import HTTPConnection, Request

from service.http.errors import BadRequestError, RangeNotSatisfiableError, UnsupportedMediaTypeError
from service.http.headers import TAKEN
from service.http.nesting import is_nested_deeper
from service.validation import explain

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

VALUE_SHOWN_CHARACTERS_MAX = 100
JSON_LEVELS_MAX = 32


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a route that takes no parameters."""


async def read_json(request: Request, schema: type[T], default: T | None = None) -> T:
    """The body of ``request`` as ``schema``; ``default``, if it is given, where there is none.

    Raises 415 for a body that is declared to be something else than JSON, 400 for a body that is
    not JSON or does not fit ``schema``, and 413 past the body limit.
    """
    body = await request.body()
    if not body:
        if default is not None:
            return default
        raise BadRequestError("the request needs a JSON body")
    _require_json(request.headers.get("content-type"))
    return decode_json(body, schema)


def decode_json(body: bytes, schema: type[T]) -> T:
    """JSON that a client sent, as ``schema``; :class:`BadRequestError` where it does not fit."""
    too_deep = f"malformed JSON: nested deeper than {JSON_LEVELS_MAX} levels"
    try:
        value = msgspec.json.decode(body, type=schema)
    except msgspec.ValidationError as error:
        raise BadRequestError(explain(error, schema)) from None
    except msgspec.DecodeError as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        raise BadRequestError(f"malformed JSON: {reason}") from None
    except UnicodeDecodeError:
        raise BadRequestError("malformed JSON: the text is not UTF-8") from None
    except RecursionError:
        raise BadRequestError(too_deep) from None
    if is_nested_deeper(body, JSON_LEVELS_MAX):
        raise BadRequestError(too_deep)
    return value


def query_parameters(connection: HTTPConnection[Any], schema: type[S]) -> S:
    """The query of ``connection`` as the struct ``schema``, numbers read from their text.

    Raises :class:`BadRequestError` for a parameter that ``schema`` does not have, that is given
    twice or that does not fit. A WebSocket's ``api_key`` is no parameter of its route.
    """
    if not connection.scope["query_string"]:
        nothing: S | None = _of_nothing(schema)
        if nothing is not None:
            return nothing
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(schema)}
    given = _given_parameters(connection, fields)
    try:
        query = msgspec.convert(given, schema, strict=False)
    except msgspec.ValidationError as error:
        sentence = explain(error, schema).removesuffix(", got `str`").replace(" | null`", "`")
        field = sentence.partition(":")[0]
        if field not in given:
            raise BadRequestError(f"query: {sentence}") from None
        shown = _shown(given[field])
        raise BadRequestError(f"query parameter {sentence} (given: {shown})") from None
    for name in given:
        if getattr(query, fields[name]) is None:  # which is how msgspec reads the text "null"
            raise BadRequestError(f"query parameter {name}: null is no value; leave it out")
    return query


def _given_parameters(connection: HTTPConnection[Any], known: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in _query_pairs(connection):
        if name == "api_key" and connection.scope["type"] == "websocket":
            continue
        if name not in known:
            listed = ", ".join(known) or "none"
            raise BadRequestError(f"unknown query parameter {_shown(name)}; known: {listed}")
        if name in given:
            raise BadRequestError(f"query parameter {name} is given more than once")
        given[name] = value
    return given


@cache
def _of_nothing(schema: type[S]) -> S | None:
    """The query that a request without one makes, if it may: most requests have none."""
    try:
        return msgspec.convert({}, schema)
    except msgspec.ValidationError:
        return None


def read_header(request: Request, name: str) -> Any:
    """The header ``name`` in its form (``TAKEN``), or ``None`` where it was not sent.

    Raises :class:`BadRequestError` where it was sent twice or does not fit.
    """
    field = name.lower().encode()
    # Straight from the scope: this is on the way of every poll.
    values = [value for given, value in request.scope["headers"] if given == field]
    if not values:
        return None
    if len(values) > 1:
        raise BadRequestError(f"header {name}: it is given more than once")
    header = TAKEN[name]
    try:
        return msgspec.convert(values[0].decode("latin-1"), header.form, strict=False)
    except msgspec.ValidationError as error:
        sentence = explain(error, header.form).removesuffix(", got `str`")
        raise BadRequestError(f"header {name}: {sentence} ({header.description})") from None


def require_within(name: str, value: int, head: int) -> None:
    """Raise 416 where a query's ``value`` lies beyond the ``head`` of what there is."""
    if value > head:
        raise RangeNotSatisfiableError(f"{name} {value} is beyond the head, {head}")


def _query_pairs(connection: HTTPConnection[Any]) -> list[tuple[str, str]]:
    query: bytes = connection.scope["query_string"]
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)


def _shown(text: str) -> str:
    return repr(text[:VALUE_SHOWN_CHARACTERS_MAX])


def _require_json(content_type: str | None) -> None:
    if content_type is None:
        return
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaTypeError(
            f"the body is declared as {_shown(content_type)}; send application/json"
        )
