"""What the service can do, said by itself: documents for programs, a page for people."""

from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.api.examples import examples
from service.http.asyncapi import asyncapi
from service.http.conditional import RELEASE, unmodified
from service.http.errors import NotFoundError
from service.http.openapi import openapi
from service.http.operations import HTML, JSON, UNMODIFIED, Answer, Handler, Operation, Stream

STYLE = "text/css"
SCRIPT = "text/javascript"

# Swagger UI draws its icons from data: URLs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Backtape · API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<main id="documentation"></main>
<script src="/docs/swagger.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""


def described(
    operations: Sequence[Operation], streams: Sequence[Stream], guarded: Callable[[], bool]
) -> list[Operation]:
    """``operations``, and those that describe them all, themselves included.

    ``guarded`` tells whether the service asks for keys at the moment. None is needed for what is
    added: a browser that opens the page has not been told one yet.
    """

    @cache
    def documents(is_guarded: bool) -> tuple[bytes, bytes]:
        about_operations = openapi(every, examples(), RELEASE, guarded=is_guarded)
        about_streams = asyncapi(streams, RELEASE, guarded=is_guarded)
        return msgspec.json.encode(about_operations), msgspec.json.encode(about_streams)

    async def openapi_document(request: Request) -> Response:
        """``GET /openapi.json``: every operation, after OpenAPI 3.1."""
        return _sent(request, documents(guarded())[0], JSON)

    async def asyncapi_document(request: Request) -> Response:
        """``GET /asyncapi.json``: every WebSocket, after AsyncAPI 3.0."""
        return _sent(request, documents(guarded())[1], JSON)

    every = [
        *operations,
        *PAGES,
        _file("/openapi.json", openapi_document, JSON, dict[str, Any]),
        _file("/asyncapi.json", asyncapi_document, JSON, dict[str, Any]),
    ]
    return every


async def front(request: Request) -> Response:
    """``GET /``: a browser is sent to the documentation; for others there is nothing."""
    if HTML not in request.headers.get("accept", ""):
        raise NotFoundError("there is nothing at /; see /openapi.json, or /docs in a browser")
    return Response(status_code=303, headers={"Location": "/docs", "Vary": "Accept"})


async def page(_: Request) -> Response:
    """``GET /docs``: every operation to read about and to try, in a browser."""
    return Response(PAGE, headers={"Content-Security-Policy": POLICY}, media_type=HTML)


async def style(request: Request) -> Response:
    """``GET /docs/style.css``: how the page looks."""
    return _sent(request, _swagger("swagger_style.css"), STYLE)


async def swagger(request: Request) -> Response:
    """``GET /docs/swagger.js``: Swagger UI."""
    return _sent(request, _swagger("swagger_bundle.js"), SCRIPT)


async def start(request: Request) -> Response:
    """``GET /docs/start.js``: Swagger UI on ``/openapi.json``."""
    return _sent(request, _start(), SCRIPT)


def _sent(request: Request, body: bytes, media_type: str) -> Response:
    tag = _tag(body)
    whole = Response(body, headers={"ETag": tag}, media_type=media_type)
    return unmodified(request, tag) or whole


@cache
def _tag(body: bytes) -> str:
    return f'"{sha256(body).hexdigest()[:32]}"'


@cache
def _start() -> bytes:
    return (files("service.api") / "docs.js").read_bytes()


@cache
def _swagger(name: str) -> bytes:
    # The package is not imported: that would read its other pages into memory too.
    package = find_spec("offapi")
    assert package is not None
    assert package.origin is not None
    return (Path(package.origin).parent / name).read_bytes()


def _file(path: str, handler: Handler, media_type: str, kind: Any) -> Operation:
    return Operation(
        method="GET",
        path=path,
        handler=handler,
        answers=[Answer("the file", {media_type: kind}, headers=["ETag"]), UNMODIFIED],
        takes=["If-None-Match"],
        scope=None,
    )


PAGES = [
    Operation(
        method="GET",
        path="/",
        handler=front,
        answers=[Answer("the documentation is elsewhere", status=303, headers=["Location"])],
        refuses=[404],
        takes=["Accept"],
        scope=None,
    ),
    Operation(
        method="GET",
        path="/docs",
        handler=page,
        answers=[Answer("the page", {HTML: str})],
        scope=None,
    ),
    _file("/docs/style.css", style, STYLE, str),
    _file("/docs/swagger.js", swagger, SCRIPT, str),
    _file("/docs/start.js", start, SCRIPT, str),
]
