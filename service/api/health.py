"""Whether the process is up, whether it can do its work, and how it fares."""

from importlib.metadata import version
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from service.api.core import core_of
from service.http.context import context_of
from service.http.errors import StoppingError, UnavailableError
from service.http.operations import JSON, Answer, Operation
from service.http.responses import json_response
from service.metrics.traffic import Traffic

TEXT = "text/plain"


class Health(msgspec.Struct, frozen=True):
    """That the process is up, and which version it is."""

    status: Literal["healthy"]
    version: str


class Ready(msgspec.Struct, frozen=True):
    """That the service can do its work. ``checks``: what was looked at, for who may know it."""

    status: Literal["ready"]
    checks: list[str] | UnsetType = UNSET


async def healthz(_: Request) -> Response:
    """``GET /healthz``: liveness, without authentication."""
    return json_response(Health("healthy", version("backtape")))


async def readyz(request: Request) -> Response:
    """``GET /readyz``: 200 where runs can be accepted and executed, else 503.

    Without authentication; only a key gets to know what exactly is wrong.
    """
    core = core_of(request)
    if core.stopping.is_set():
        raise StoppingError
    is_known = context_of(request.scope).scope is not None
    failures = await core.readiness.failures()
    failed = {name: reason for name, reason in failures.items() if reason is not None}
    if failed:
        told = [f"{name}: {reason}" if is_known else name for name, reason in failed.items()]
        raise UnavailableError(f"not ready: {'; '.join(told)}")
    return json_response(Ready("ready", list(failures) if is_known else UNSET))


async def metrics(request: Request) -> Response:
    """``GET /metrics``: everything that is counted, in the text format of Prometheus."""
    # Only for who asks: Prometheus' library takes its time to load.
    from service.metrics.exposition import CONTENT_TYPE, exposition
    from service.metrics.standing import standing_of

    core, traffic = core_of(request), _traffic_of(request)
    numbers = exposition(await standing_of(core), core.writing, traffic)
    return Response(numbers, headers={"Content-Type": CONTENT_TYPE})


def _traffic_of(request: Request) -> Traffic:
    traffic: Traffic = request.app.state.traffic
    return traffic


OPERATIONS = [
    Operation(
        method="GET",
        path="/healthz",
        handler=healthz,
        answers=[Answer("the process is up", {JSON: Health})],
        scope=None,
    ),
    Operation(
        method="GET",
        path="/readyz",
        handler=readyz,
        answers=[Answer("the service can do its work", {JSON: Ready})],
        refuses=[503],
        scope=None,
    ),
    Operation(
        method="GET",
        path="/metrics",
        handler=metrics,
        answers=[Answer("the numbers", {TEXT: str})],
    ),
]
