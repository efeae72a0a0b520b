"""Whether the process is up."""

from importlib.metadata import version
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.http.operations import JSON, Answer, Operation
from service.http.responses import json_response


class Health(msgspec.Struct, frozen=True):
    """That the process is up, and which version it is."""

    status: Literal["healthy"]
    version: str


async def healthz(_: Request) -> Response:
    """``GET /healthz``: liveness, without authentication."""
    return json_response(Health("healthy", version("backtape")))


OPERATIONS = [
    Operation(
        method="GET",
        path="/healthz",
        handler=healthz,
        answers=[Answer("the process is up", {JSON: Health})],
        scope=None,
    )
]
