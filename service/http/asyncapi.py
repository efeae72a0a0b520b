"""The AsyncAPI document: what the WebSockets send, made of what they are made of."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from service.http.openapi import PATH_PARAMETERS, template_of
from service.http.operations import JSON, Stream
from service.http.schemas import Document, Shape, in_markdown, with_schemas

CLOSES = {
    1000: "it has ended, and you have every event",
    1008: "no valid API key, nothing of that id, or a limit; the reason says which",
    1011: "an error in the server; reconnect with your cursor",
    1012: "the service is stopping; reconnect with your cursor",
    1013: "the log cannot be used at the moment; reconnect with your cursor later",
    4400: "a query parameter is unknown, given twice, or not what it has to be",
    4409: "`log_id` is that of another log: start over without a cursor",
    4416: "`last_event_id` is beyond the last event: the cursor is of something else",
}
OF_EVERY_STREAM = (1008, 1011, 1013)
KEYS: Document = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key"},
    "header": {"type": "httpApiKey", "in": "header", "name": "X-API-Key"},
    "query": {"type": "httpApiKey", "in": "query", "name": "api_key"},
}

_EventId = Annotated[int, Meta(ge=1, description="1, 2, 3 … in its stream, without a gap")]
_Cursor = Annotated[int, Meta(ge=0)]


def asyncapi(streams: Sequence[Stream], version: str, *, guarded: bool) -> Document:
    """Describe ``streams`` after AsyncAPI 3.0; ``guarded``: whether they need a key."""
    keys = [{"$ref": f"#/components/securitySchemes/{name}"} for name in KEYS]
    return with_schemas(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": "Backtape, live",
                "version": version,
                "description": "The events of runs and optimizations as the log holds them: all"
                " that there are after the client's cursor, then each as it comes, to the end.",
                "license": {"name": "MIT"},
            },
            "defaultContentType": JSON,
            "channels": {_name(stream): _channel(stream) for stream in streams},
            "operations": {
                f"send_{_name(stream)}": {
                    "action": "send",
                    "channel": {"$ref": f"#/channels/{_name(stream)}"},
                    **({"security": keys} if guarded else {}),
                }
                for stream in streams
            },
            "components": {"securitySchemes": KEYS},
        }
    )


def _name(stream: Stream) -> str:
    return stream.handler.__name__


def _channel(stream: Stream) -> Document:
    codes = sorted({*stream.closes, *OF_EVERY_STREAM})
    return {
        "address": template_of(stream.path),
        "description": in_markdown(stream.handler.__doc__).partition("`: ")[2],
        "parameters": {
            name: {"description": PATH_PARAMETERS[name].description}
            for name in re.findall(r"{(\w+)", stream.path)
        },
        "messages": {
            **{
                name: {"name": name, "payload": _frame(name, payloads)}
                for name, payloads in stream.payloads.items()
            },
            "heartbeat": {
                "name": "heartbeat",
                "description": "no event: a cursor to resume from, and where the stream ends",
                "payload": _object(
                    type={"const": "heartbeat"}, last_event_id=Shape(_Cursor), head=Shape(_Cursor)
                ),
            },
        },
        "bindings": {"ws": {"method": "GET", "query": Shape(stream.query)}},
        "x-close-codes": {str(code): CLOSES[code] for code in codes},
    }


def _frame(name: str, payloads: Sequence[type]) -> Document:
    return _object(
        event_id=Shape(_EventId),
        run_id=Shape(UUID),
        type={"const": name},
        timestamp=Shape(Annotated[datetime, Meta(tz=True)]),
        payload={"anyOf": [Shape(payload) for payload in payloads]},
    )


def _object(**properties: Any) -> Document:
    return {"type": "object", "required": list(properties), "properties": properties}
