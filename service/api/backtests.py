"""Family 1, backtests: create, list, status, results, cancel."""

from typing import Annotated, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from domain.market.moments import iso
from domain.runs.lifecycle import Run, RunState
from domain.runs.request import BacktestRequest
from service.api.core import core_of
from service.http.errors import ConflictError
from service.http.requests import query_parameters, read_json
from service.http.responses import json_response
from service.projections import list_runs
from service.results import LongDocument
from service.runs import cancel_run, create_run, get_run

JSON = "application/json"


class Status(msgspec.Struct, frozen=True):
    """A run's status object; times are ISO 8601, UTC."""

    run_id: str
    state: RunState
    progress: float
    created_at: str
    started_at: str | None
    finished_at: str | None
    error: str | None


class ListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a list. ``before`` is the cursor that ``Link: rel="next"`` carries."""

    state: Literal["queued", "running", "completed", "failed", "cancelled"] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    before: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a route that takes no parameters."""


class LongResponse(StreamingResponse):
    """A long results document, let go of whatever becomes of the client."""

    def __init__(self, document: LongDocument) -> None:
        super().__init__(document.pieces, media_type=JSON)
        self._files = document.files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the document and close its files."""
        with self._files:
            await super().__call__(scope, receive, send)


def status_of(run: Run) -> Status:
    """Put a run into the shape of the wire."""
    return Status(
        run_id=run.run_id,
        state=run.state,
        progress=run.progress,
        created_at=iso(run.created_at),
        started_at=None if run.started_at is None else iso(run.started_at),
        finished_at=None if run.finished_at is None else iso(run.finished_at),
        error=run.error,
    )


async def collection(request: Request) -> Response:
    """``/backtests``: one route, so that a 405 names all its methods."""
    return await (create(request) if request.method == "POST" else index(request))


async def create(request: Request) -> Response:
    """``POST /backtests``: 201 and the status object of the new run."""
    query_parameters(request, NoQuery)
    run = await create_run(core_of(request).store, await read_json(request, BacktestRequest))
    return json_response(status_of(run), 201, {"Location": f"/backtests/{run.run_id}"})


async def index(request: Request) -> Response:
    """``GET /backtests``: status objects, newest first."""
    query = query_parameters(request, ListQuery)
    runs = await list_runs(
        core_of(request).store, state=query.state, before=query.before, limit=query.limit + 1
    )
    page = runs[: query.limit]
    headers = {}
    if len(runs) > query.limit:
        ordinal, _ = page[-1]
        following = msgspec.structs.asdict(query) | {"before": ordinal}
        given = {name: value for name, value in following.items() if value is not None}
        headers["Link"] = f'</backtests?{urlencode(given)}>; rel="next"'
    return json_response([status_of(run) for _, run in page], headers=headers)


async def status(request: Request) -> Response:
    """``GET /backtests/{run_id}``: the status object."""
    return json_response(status_of(await _run(request)))


async def results(request: Request) -> Response:
    """``GET /backtests/{run_id}/results``: the results, or 409 until the run is completed."""
    run = await _run(request)
    match run.state:
        case RunState.QUEUED | RunState.RUNNING:
            raise ConflictError("Results not ready")
        case RunState.FAILED:
            raise ConflictError(f"the run failed and has no results: {run.error}")
        case RunState.CANCELLED:
            raise ConflictError("the run was cancelled and has no results")
        case RunState.COMPLETED:
            document = await core_of(request).results.document(run.run_id)
    if isinstance(document, bytes):
        return Response(document, media_type=JSON)
    return LongResponse(document)


async def cancel(request: Request) -> Response:
    """``POST /backtests/{run_id}/cancel``: the cancelled status, or 409 when it has ended."""
    query_parameters(request, NoQuery)
    run = await cancel_run(core_of(request).store, request.path_params["run_id"])
    return json_response(status_of(run))


async def _run(request: Request) -> Run:
    query_parameters(request, NoQuery)
    return await get_run(core_of(request).store, request.path_params["run_id"])


ROUTES = [
    Route("/backtests", collection, methods=["GET", "POST"]),
    Route("/backtests/{run_id}", status, methods=["GET"]),
    Route("/backtests/{run_id}/results", results, methods=["GET"]),
    Route("/backtests/{run_id}/cancel", cancel, methods=["POST"]),
]
