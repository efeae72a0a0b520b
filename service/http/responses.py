"""JSON responses."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.http.context import Header

_JSON: Header = (b"content-type", b"application/json")


def json_response(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """``value`` as UTF-8 JSON. What is not a finite number is ``null``."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")


class ReadyResponse(Response):
    """A response with headers that are bytes already: it is made for every poll."""

    def __init__(self, status: int, headers: list[Header], body: bytes = b"") -> None:
        self.status_code = status
        self.raw_headers = headers
        self.body = body
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": self.body})


def encoded_response(body: bytes, tag: str, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that is encoded already, with its ``ETag``."""
    if headers:
        return Response(body, 200, {"ETag": tag, **headers}, "application/json")
    length = b"%d" % len(body)
    ready = [(b"etag", tag.encode()), (b"content-length", length), _JSON]
    return ReadyResponse(200, ready, body)


def unmodified_response(tag: str) -> Response:
    """A 304: what the client has under this ``ETag`` is what there is."""
    return ReadyResponse(304, [(b"etag", tag.encode())])
