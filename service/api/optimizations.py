"""Optimizations: create, list, status, results, cancel, resume."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from domain.market.moments import iso
from domain.optimizations.lifecycle import BestTrial, Optimization, SweepState
from domain.optimizations.request import Direction, OptimizationRequest, SamplerName
from service.api.core import core_of
from service.api.listing import link_to_next
from service.core import Core
from service.http.operations import JSON, Answer, Operation
from service.http.responses import json_response
from service.optimizations.optimizations import (
    cancel_optimization,
    create_optimization,
    get_optimization,
    resume_optimization,
)
from service.optimizations.queries import list_optimizations


class OptimizationStatus(msgspec.Struct, frozen=True):
    """An optimization's status object; times are ISO 8601, UTC.

    ``trials``: how many it comes to, at most ``max_trials``; ``trials_running``: asked for and not
    ended. ``seconds_left``: an estimate, null where there is nothing to go by.
    """

    optimization_id: str
    name: str
    state: SweepState
    strategy: SamplerName
    objective_metric: str
    direction: Direction
    max_trials: int
    trials: int
    trials_completed: int
    trials_failed: int
    trials_running: int
    best_trial: BestTrial | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    seconds_left: float | None
    error: str | None
    log_id: str


class OptimizationsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a list. ``before`` is the cursor that ``Link: rel="next"`` carries."""

    state: Literal["pending", "running", "completed", "failed", "cancelled"] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    before: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


def status_of(optimization: Optimization, core: Core) -> OptimizationStatus:
    """Put an optimization into the shape of the wire."""
    given = {
        name: getattr(optimization, name)
        for name in OptimizationStatus.__struct_fields__
        if hasattr(optimization, name)
    }
    moments = {
        name: None if given[name] is None else iso(given[name])
        for name in ("created_at", "started_at", "finished_at")
    }
    conductor = core.conductor
    seconds_left = None if conductor is None else conductor.seconds_left(optimization)
    return OptimizationStatus(
        **given | moments, seconds_left=seconds_left, log_id=core.store.log_id
    )


async def create(request: Request, body: OptimizationRequest) -> Response:
    """``POST /optimizations``: 201 and the status object of the new optimization."""
    core = core_of(request)
    accepted = await core.strategies.accept_sweep(body)
    optimization = await create_optimization(core.store, accepted.request, accepted.code)
    location = {"Location": f"/optimizations/{optimization.optimization_id}"}
    return json_response(status_of(optimization, core), 201, location)


async def index(request: Request, query: OptimizationsQuery) -> Response:
    """``GET /optimizations``: status objects, newest first."""
    core = core_of(request)
    # One more than is shown: whether there is a next page.
    found = await list_optimizations(
        core.store, state=query.state, before=query.before, limit=query.limit + 1
    )
    page = found[: query.limit]
    more = len(found) > query.limit
    headers = link_to_next("/optimizations", query, before=page[-1][0]) if more else {}
    return json_response([status_of(each, core) for _, each in page], headers=headers)


async def status(request: Request) -> Response:
    """``GET /optimizations/{optimization_id}``: the status object."""
    return _status(request, await get_optimization(core_of(request).store, _id(request)))


async def cancel(request: Request) -> Response:
    """``POST /optimizations/{optimization_id}/cancel``: the status, or 409 when it has ended."""
    return _status(request, await cancel_optimization(core_of(request).store, _id(request)))


async def resume(request: Request) -> Response:
    """``POST /optimizations/{optimization_id}/resume``: go on with what failed or was cancelled."""
    return _status(request, await resume_optimization(core_of(request).store, _id(request)))


def _status(request: Request, optimization: Optimization) -> Response:
    return json_response(status_of(optimization, core_of(request)))


def _id(request: Request) -> str:
    optimization_id: str = request.path_params["optimization_id"]
    return optimization_id


OPERATIONS = [
    Operation(
        method="POST",
        path="/optimizations",
        handler=create,
        answers=[
            Answer("the optimization is in the log", {JSON: OptimizationStatus}, 201, ["Location"])
        ],
        scope="run",
    ),
    Operation(
        method="GET",
        path="/optimizations",
        handler=index,
        answers=[Answer("the optimizations", {JSON: list[OptimizationStatus]}, headers=["Link"])],
    ),
    Operation(
        method="GET",
        path="/optimizations/{optimization_id}",
        handler=status,
        answers=[Answer("the optimization", {JSON: OptimizationStatus})],
        refuses=[404],
    ),
    Operation(
        method="POST",
        path="/optimizations/{optimization_id}/cancel",
        handler=cancel,
        answers=[Answer("the optimization is cancelled", {JSON: OptimizationStatus})],
        refuses=[404, 409],
        scope="run",
    ),
    Operation(
        method="POST",
        path="/optimizations/{optimization_id}/resume",
        handler=resume,
        answers=[Answer("the optimization goes on", {JSON: OptimizationStatus})],
        refuses=[404, 409],
        scope="run",
    ),
]
