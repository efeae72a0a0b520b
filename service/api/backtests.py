"""Family 1, backtests: create, list, status, results, cancel."""

from typing import Annotated

import msgspec
from msgspec import Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from domain.runs.events import decode
from domain.runs.lifecycle import Run, RunState, evolve
from domain.runs.origin import Origin
from domain.runs.request import BacktestRequest
from service.api.core import core_of
from service.api.creation import (
    CREATED_HEADERS,
    WRITTEN_HEADERS,
    created,
    first_event,
    make_once,
    wait_for_end,
    written,
)
from service.api.long_response import LongResponse
from service.api.result_types import ResultsDocument
from service.core import Core
from service.history import run_at_event
from service.http.conditional import entity_tag, require_match, unmodified
from service.http.errors import ConflictError
from service.http.operations import JSON, UNMODIFIED, Answer, Operation
from service.http.requests import require_within
from service.http.responses import encoded_response
from service.long_document import LongDocument
from service.projections import RUN_STREAM, stream_of
from service.runs import cancel_run, create_run
from service.statuses import RunStatus, current_run


class RunQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a run or its results."""

    at_event: (
        Annotated[int, Meta(ge=1, le=2**63 - 1, description="as that event of the run left it")]
        | None
    ) = None


async def create(request: Request, body: BacktestRequest) -> Response:
    """``POST /backtests``: create a run; 201 and its status object.

    With ``Idempotency-Key`` it is made once, however often it is posted; with ``Prefer: wait=N``
    the answer comes when it has ended.
    """
    core = core_of(request)

    async def make(origin: Origin | UnsetType) -> str:
        accepted = await core.strategies.accept(body)
        run = await create_run(core.store, accepted.request, accepted.code, origin)
        return stream_of(run.run_id)

    made = await make_once(request, make)
    run_id = made.stream.removeprefix(RUN_STREAM)
    waited = await wait_for_end(request, made.stream)
    if waited:
        current = await core.statuses.of(run_id)
    else:
        first = await first_event(request, made)
        run = evolve(run_id, None, decode(first.type, first.payload), first.recorded_at)
        current = current_run(run, first.position, 1, core.store.log_id)
    return created(current, f"/backtests/{run_id}", made, waited)


async def status(request: Request, query: RunQuery) -> Response:
    """``GET /backtests/{run_id}``: the status object, now or as an event of the run left it."""
    core = core_of(request)
    current = await core.statuses.of(request.path_params["run_id"])
    if query.at_event is None:
        return unmodified(request, current.tag) or encoded_response(current.body, current.tag)
    require_within("at_event", query.at_event, current.events)
    tag = _tag(core, "status", query.at_event)
    if response := unmodified(request, tag):
        return response
    past = await run_at_event(core.store, current.run.run_id, query.at_event)
    body = current_run(past.item, past.position, past.events, core.store.log_id).body
    return encoded_response(body, tag)


async def results(request: Request, query: RunQuery) -> Response:
    """``GET /backtests/{run_id}/results``: the results, or 409 until the run is completed.

    With ``at_event``: what was known by that event, of any run.
    """
    core = core_of(request)
    current = await core.statuses.of(request.path_params["run_id"])
    run_id = current.run.run_id
    if query.at_event is None:
        require_completed(current.run)
        tag = _tag(core, "results", current.position)
        return unmodified(request, tag) or _document(await core.results.document(run_id), tag)
    require_within("at_event", query.at_event, current.events)
    tag = _tag(core, "results", query.at_event)
    return unmodified(request, tag) or _document(
        await core.results.document_at(run_id, query.at_event), tag
    )


def require_completed(run: Run) -> None:
    """Raise ``ConflictError``, which says why, where a run has no results."""
    match run.state:
        case RunState.QUEUED | RunState.RUNNING:
            raise ConflictError("Results not ready")
        case RunState.FAILED:
            raise ConflictError(f"the run failed and has no results: {run.error}")
        case RunState.CANCELLED:
            raise ConflictError("the run was cancelled and has no results")
        case RunState.COMPLETED:
            return


async def cancel(request: Request) -> Response:
    """``POST /backtests/{run_id}/cancel``: the cancelled status, or 409 when it has ended."""
    core, run_id = core_of(request), request.path_params["run_id"]

    async def precondition() -> None:
        require_match(request, (await core.statuses.of(run_id)).tag)

    await cancel_run(core.store, run_id, precondition)
    return written(await core.statuses.of(run_id))


def _tag(core: Core, *parts: str | int) -> str:
    return entity_tag(core.store.log_id, *parts)


def _document(document: bytes | LongDocument, tag: str) -> Response:
    if isinstance(document, bytes):
        return encoded_response(document, tag)
    return LongResponse(document, headers={"ETag": tag})


OPERATIONS = [
    Operation(
        method="POST",
        path="/backtests",
        handler=create,
        answers=[Answer("the run is in the log", {JSON: RunStatus}, 201, CREATED_HEADERS)],
        refuses=[409, 422],
        takes=["Idempotency-Key", "Prefer"],
        scope="run",
    ),
    Operation(
        method="GET",
        path="/backtests/{run_id}",
        handler=status,
        answers=[Answer("the run", {JSON: RunStatus}, headers=["ETag"]), UNMODIFIED],
        refuses=[404, 416],
        takes=["If-None-Match"],
    ),
    Operation(
        method="GET",
        path="/backtests/{run_id}/results",
        handler=results,
        answers=[Answer("the results", {JSON: ResultsDocument}, headers=["ETag"]), UNMODIFIED],
        refuses=[404, 409, 416],
        takes=["If-None-Match"],
    ),
    Operation(
        method="POST",
        path="/backtests/{run_id}/cancel",
        handler=cancel,
        answers=[Answer("the run is cancelled", {JSON: RunStatus}, headers=WRITTEN_HEADERS)],
        refuses=[404, 409, 412],
        takes=["If-Match"],
        scope="run",
    ),
]
