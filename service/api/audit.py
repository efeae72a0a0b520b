"""Evidence over HTTP: checkpoints, proofs, exports; and rebuilding what is derived."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from service.api.core import core_of
from service.audit.export import export, make_checkpoint
from service.http.errors import BadRequestError, NotFoundError
from service.http.requests import NoQuery, query_parameters, require_within
from service.http.responses import json_response
from service.optimizations.optimizations import stream_of_optimization
from service.runs import stream_of_run

NDJSON = "application/x-ndjson"


class ConsistencyQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The sizes of two checkpoints."""

    old: Annotated[int, Meta(ge=0, le=2**63 - 1)] = msgspec.field(name="from")
    new: Annotated[int, Meta(ge=0, le=2**63 - 1)] = msgspec.field(name="to")


class Consistency(msgspec.Struct, frozen=True, kw_only=True):
    """The proof that the log's first ``to`` events begin with its first ``from``: hashes in hex."""

    old: int = msgspec.field(name="from")
    new: int = msgspec.field(name="to")
    proof: list[str]


async def checkpoint(request: Request) -> Response:
    """``GET /audit/checkpoint``: the signed size and root of the log as it is now."""
    query_parameters(request, NoQuery)
    core = core_of(request)
    return json_response(await make_checkpoint(core.store, core.audit_key))


async def consistency(request: Request) -> Response:
    """``GET /audit/consistency?from=&to=``: the proof between two sizes of the log."""
    query = query_parameters(request, ConsistencyQuery)
    store = core_of(request).store
    require_within("to", query.new, await store.head())
    if query.old > query.new:
        raise BadRequestError(f"from {query.old} is above to {query.new}")
    proof = await store.consistency(query.old, query.new)
    return json_response(
        Consistency(old=query.old, new=query.new, proof=[node.hex() for node in proof])
    )


async def export_run(request: Request) -> Response:
    """``GET /backtests/{run_id}/export``: the run's events so far, with proofs, streamed."""
    query_parameters(request, NoQuery)
    stream = await stream_of_run(core_of(request).store, request.path_params["run_id"])
    return _export(request, stream)


async def export_optimization(request: Request) -> Response:
    """``GET /optimizations/{optimization_id}/export``: the same of an optimization."""
    query_parameters(request, NoQuery)
    its_id = request.path_params["optimization_id"]
    return _export(request, await stream_of_optimization(core_of(request).store, its_id))


async def prove_event(request: Request) -> Response:
    """``GET /backtests/{run_id}/events/{event_id}/proof``: the export of this event alone."""
    query_parameters(request, NoQuery)
    stream = await stream_of_run(core_of(request).store, request.path_params["run_id"])
    return await _prove(request, stream)


async def prove_event_of_optimization(request: Request) -> Response:
    """``GET /optimizations/{optimization_id}/events/{event_id}/proof``: of an optimization."""
    query_parameters(request, NoQuery)
    its_id = request.path_params["optimization_id"]
    return await _prove(request, await stream_of_optimization(core_of(request).store, its_id))


async def rebuild(request: Request) -> Response:
    """``POST /audit/rebuild``: fold every stored projection anew; readers see the old ones."""
    query_parameters(request, NoQuery)
    store = core_of(request).store
    names = store.projections
    for name in names:
        await store.rebuild(name)
    return json_response({"rebuilt": names})


def _export(request: Request, stream: str) -> Response:
    core = core_of(request)
    lines = export(core.store, core.audit_key, stream)
    name = f'attachment; filename="{stream.partition("-")[2]}.backtape"'
    return StreamingResponse(lines, media_type=NDJSON, headers={"Content-Disposition": name})


async def _prove(request: Request, stream: str) -> Response:
    core, event_id = core_of(request), request.path_params["event_id"]
    head = await core.store.head(stream)
    if not 1 <= event_id <= head:
        raise NotFoundError(f"{stream} has no event {event_id}; its events are 1 to {head}")
    lines = export(core.store, core.audit_key, stream, event_id)
    return StreamingResponse(lines, media_type=NDJSON)


ROUTES = [
    Route("/audit/checkpoint", checkpoint, methods=["GET"]),
    Route("/audit/consistency", consistency, methods=["GET"]),
    Route("/audit/rebuild", rebuild, methods=["POST"]),
    Route("/backtests/{run_id}/export", export_run, methods=["GET"]),
    Route("/backtests/{run_id}/events/{event_id:int}/proof", prove_event, methods=["GET"]),
    Route("/optimizations/{optimization_id}/export", export_optimization, methods=["GET"]),
    Route(
        "/optimizations/{optimization_id}/events/{event_id:int}/proof",
        prove_event_of_optimization,
        methods=["GET"],
    ),
]
