"""Evidence over HTTP: checkpoints, proofs, exports; and rebuilding what is derived."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from service.api.core import core_of
from service.audit.checkpoint import Checkpoint
from service.audit.export import export, make_checkpoint
from service.http.errors import BadRequestError, NotFoundError
from service.http.operations import JSON, NDJSON, Answer, Operation
from service.http.requests import require_within
from service.http.responses import json_response
from service.optimizations.optimizations import stream_of_optimization
from service.runs import stream_of_run


class ConsistencyQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The sizes of two checkpoints."""

    old: Annotated[
        int, Meta(ge=0, le=2**63 - 1, description="the size of the older checkpoint")
    ] = msgspec.field(name="from")
    new: Annotated[
        int, Meta(ge=0, le=2**63 - 1, description="the size of the newer checkpoint")
    ] = msgspec.field(name="to")


class Consistency(msgspec.Struct, frozen=True, kw_only=True):
    """The proof that the log's first ``to`` events begin with its first ``from``: hashes in hex."""

    old: int = msgspec.field(name="from")
    new: int = msgspec.field(name="to")
    proof: list[str]


class Rebuilt(msgspec.Struct, frozen=True):
    """The names of the projections that were folded anew."""

    rebuilt: list[str]


async def checkpoint(request: Request) -> Response:
    """``GET /audit/checkpoint``: the signed size and root of the log as it is now."""
    core = core_of(request)
    return json_response(await make_checkpoint(core.store, core.audit_key))


async def consistency(request: Request, query: ConsistencyQuery) -> Response:
    """``GET /audit/consistency?from=&to=``: the proof between two sizes of the log."""
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
    stream = await stream_of_run(core_of(request).store, request.path_params["run_id"])
    return _export(request, stream)


async def export_optimization(request: Request) -> Response:
    """``GET /optimizations/{optimization_id}/export``: an optimization's events, likewise."""
    its_id = request.path_params["optimization_id"]
    return _export(request, await stream_of_optimization(core_of(request).store, its_id))


async def prove_event(request: Request) -> Response:
    """``GET /backtests/{run_id}/events/{event_id}/proof``: the export of one event of the run."""
    stream = await stream_of_run(core_of(request).store, request.path_params["run_id"])
    return await _prove(request, stream)


async def prove_event_of_optimization(request: Request) -> Response:
    """``GET /optimizations/{optimization_id}/events/{event_id}/proof``: one event's export."""
    its_id = request.path_params["optimization_id"]
    return await _prove(request, await stream_of_optimization(core_of(request).store, its_id))


async def rebuild(request: Request) -> Response:
    """``POST /audit/rebuild``: fold every stored projection anew; readers see the old ones."""
    store = core_of(request).store
    names = store.projections
    for name in names:
        await store.rebuild(name)
    return json_response(Rebuilt(names))


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


_PROOF = Answer("the event and its proof, one JSON object on each line", {NDJSON: bytes})
_EXPORT = Answer(
    "the events and their proofs, one JSON object on each line",
    {NDJSON: bytes},
    headers=["Content-Disposition"],
)

OPERATIONS = [
    Operation(
        method="GET",
        path="/audit/checkpoint",
        handler=checkpoint,
        answers=[Answer("the checkpoint", {JSON: Checkpoint})],
    ),
    Operation(
        method="GET",
        path="/audit/consistency",
        handler=consistency,
        answers=[Answer("the proof", {JSON: Consistency})],
        refuses=[416],
    ),
    Operation(
        method="POST",
        path="/audit/rebuild",
        handler=rebuild,
        answers=[Answer("the projections are folded anew", {JSON: Rebuilt})],
        scope="admin",
    ),
    Operation(
        method="GET",
        path="/backtests/{run_id}/export",
        handler=export_run,
        answers=[_EXPORT],
        refuses=[404],
    ),
    Operation(
        method="GET",
        path="/backtests/{run_id}/events/{event_id:int}/proof",
        handler=prove_event,
        answers=[_PROOF],
        refuses=[404],
    ),
    Operation(
        method="GET",
        path="/optimizations/{optimization_id}/export",
        handler=export_optimization,
        answers=[_EXPORT],
        refuses=[404],
    ),
    Operation(
        method="GET",
        path="/optimizations/{optimization_id}/events/{event_id:int}/proof",
        handler=prove_event_of_optimization,
        answers=[_PROOF],
        refuses=[404],
    ),
]
