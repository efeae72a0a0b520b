"""Family 1, backtests: create, list, status, results, cancel."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from domain.market.moments import iso
from domain.runs.lifecycle import Run, RunState
from domain.runs.request import BacktestRequest
from eventstore.store import EventStore
from service.api.core import core_of
from service.api.listing import link_to_next
from service.history import run_at_event, runs_at_position
from service.http.errors import ConflictError
from service.http.operations import JSON, Answer, Operation
from service.http.requests import require_within
from service.http.responses import json_response
from service.projections import list_runs, stream_of
from service.results import LongDocument
from service.runs import cancel_run, create_run, get_run


class RunStatus(msgspec.Struct, frozen=True):
    """A run's status object; times are ISO 8601, UTC. ``log_id``: the log that the run is in."""

    run_id: str
    state: RunState
    progress: float
    created_at: str
    started_at: str | None
    finished_at: str | None
    error: str | None
    log_id: str


class RunsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a list. ``before`` is the cursor that ``Link: rel="next"`` carries.

    ``at_position``: the list as that position of the log left it.
    """

    state: Literal["queued", "running", "completed", "failed", "cancelled"] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    before: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    at_position: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


class LongResponse(StreamingResponse):
    """A long results document, let go of whatever becomes of the client."""

    def __init__(self, document: LongDocument) -> None:
        super().__init__(document.pieces, media_type=JSON)
        self._files = document.files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the document and close its files."""
        with self._files:
            await super().__call__(scope, receive, send)


class RunQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a run or its results. ``at_event``: as that event of the run left it."""

    at_event: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


def status_of(run: Run, log_id: str) -> RunStatus:
    """Put a run of a log into the shape of the wire."""
    return RunStatus(
        run_id=run.run_id,
        state=run.state,
        progress=run.progress,
        created_at=iso(run.created_at),
        started_at=None if run.started_at is None else iso(run.started_at),
        finished_at=None if run.finished_at is None else iso(run.finished_at),
        error=run.error,
        log_id=log_id,
    )


async def create(request: Request, body: BacktestRequest) -> Response:
    """``POST /backtests``: 201 and the status object of the new run."""
    store, strategies = core_of(request).store, core_of(request).strategies
    accepted = await strategies.accept(body)
    run = await create_run(store, accepted.request, accepted.code)
    return json_response(
        status_of(run, store.log_id), 201, {"Location": f"/backtests/{run.run_id}"}
    )


async def index(request: Request, query: RunsQuery) -> Response:
    """``GET /backtests``: status objects, newest first."""
    store = core_of(request).store
    runs = await _runs(store, query)
    page = runs[: query.limit]
    headers = {}
    if len(runs) > query.limit:
        headers = link_to_next("/backtests", query, before=page[-1][0])
    return json_response([status_of(run, store.log_id) for _, run in page], headers=headers)


async def status(request: Request, query: RunQuery) -> Response:
    """``GET /backtests/{run_id}``: the status object, now or as an event of the run left it."""
    store = core_of(request).store
    run = await _run(request, query)
    if query.at_event is not None:
        run = await run_at_event(store, run.run_id, query.at_event)
    return json_response(status_of(run, store.log_id))


async def results(request: Request, query: RunQuery) -> Response:
    """``GET /backtests/{run_id}/results``: the results, or 409 until the run is completed.

    With ``at_event``: what was known by that event, of any run.
    """
    run = await _run(request, query)
    if query.at_event is not None:
        return _document(await core_of(request).results.document_at(run.run_id, query.at_event))
    require_completed(run)
    return _document(await core_of(request).results.document(run.run_id))


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
    store = core_of(request).store
    run = await cancel_run(store, request.path_params["run_id"])
    return json_response(status_of(run, store.log_id))


async def _runs(store: EventStore, query: RunsQuery) -> list[tuple[int, Run]]:
    # One more than is shown: whether there is a next page.
    limit = query.limit + 1
    if query.at_position is None:
        return await list_runs(store, state=query.state, before=query.before, limit=limit)
    require_within("at_position", query.at_position, await store.head())
    return await runs_at_position(
        store, query.at_position, state=query.state, before=query.before, limit=limit
    )


async def _run(request: Request, query: RunQuery) -> Run:
    store = core_of(request).store
    run = await get_run(store, request.path_params["run_id"])
    if query.at_event is not None:
        require_within("at_event", query.at_event, await store.head(stream_of(run.run_id)))
    return run


def _document(document: bytes | LongDocument) -> Response:
    if isinstance(document, bytes):
        return Response(document, media_type=JSON)
    return LongResponse(document)


OPERATIONS = [
    Operation(
        method="POST",
        path="/backtests",
        handler=create,
        answers=[Answer("the run is in the log", {JSON: RunStatus}, 201, ["Location"])],
        scope="run",
    ),
    Operation(
        method="GET",
        path="/backtests",
        handler=index,
        answers=[Answer("the runs", {JSON: list[RunStatus]}, headers=["Link"])],
        refuses=[416],
    ),
    Operation(
        method="GET",
        path="/backtests/{run_id}",
        handler=status,
        answers=[Answer("the run", {JSON: RunStatus})],
        refuses=[404, 416],
    ),
    Operation(
        method="GET",
        path="/backtests/{run_id}/results",
        handler=results,
        answers=[Answer("the results", {JSON: bytes})],
        refuses=[404, 409, 416],
    ),
    Operation(
        method="POST",
        path="/backtests/{run_id}/cancel",
        handler=cancel,
        answers=[Answer("the run is cancelled", {JSON: RunStatus})],
        refuses=[404, 409],
        scope="run",
    ),
]
