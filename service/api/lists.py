"""``GET /backtests`` and ``GET /optimizations``: what there is, narrowed, sorted, in pages."""

from typing import Annotated, Literal

from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from domain.optimizations.objective import BENCHMARK_METRICS, METRICS
from service import statuses
from service.api.core import core_of
from service.api.listing import CREATED_AT, LIST_HEADERS, Asked, ListQuery, answer_list
from service.http.errors import BadRequestError
from service.http.operations import JSON, UNMODIFIED, Answer, Operation
from service.optimizations.projection import OptimizationsProjection
from service.optimizations.statuses import OptimizationStatus, status_of
from service.projections import RunsProjection
from service.statuses import RunStatus

SORTS = (CREATED_AT, *METRICS, *BENCHMARK_METRICS)


class RunsQuery(ListQuery, frozen=True, kw_only=True):
    """The query of the list of runs."""

    state: Annotated[
        Literal["queued", "running", "completed", "failed", "cancelled"] | None,
        Meta(description="only those in this state"),
    ] = None
    sort: Annotated[
        str,
        Meta(
            max_length=64,
            description="by creation, or by a metric of the results; without it is last",
            extra_json_schema={"enum": SORTS},
        ),
    ] = CREATED_AT


class OptimizationsQuery(ListQuery, frozen=True, kw_only=True):
    """The query of the list of optimizations; symbols and tags are of the base backtest."""

    state: Annotated[
        Literal["pending", "running", "completed", "failed", "cancelled"] | None,
        Meta(description="only those in this state"),
    ] = None
    sort: Annotated[
        Literal["created_at", "best_value"],
        Meta(description="by creation, or by the best objective; without one is last"),
    ] = "created_at"


async def runs(request: Request, query: RunsQuery) -> Response:
    """``GET /backtests``: status objects, newest first unless asked otherwise."""
    if query.sort not in SORTS:
        raise BadRequestError(
            f"query parameter sort: there is no {query.sort!r} to sort by; allowed:"
            f" {', '.join(SORTS)}"
        )
    core = core_of(request)
    return await answer_list(
        request,
        Asked(query, query.state, query.sort),
        core.run_lists,
        lambda run: statuses.status_of(run, core.store.log_id),
        ("runs", RunsProjection.version),
    )


async def optimizations(request: Request, query: OptimizationsQuery) -> Response:
    """``GET /optimizations``: status objects, newest first unless asked otherwise."""
    core = core_of(request)
    paces = core.optimization_statuses.paces()  # as the tag has them, whatever they become
    return await answer_list(
        request,
        Asked(query, query.state, query.sort),
        core.optimization_lists,
        lambda each: status_of(each, paces, core.store.log_id),
        ("optimizations", OptimizationsProjection.version, *map(float.hex, paces.values())),
    )


OPERATIONS = [
    Operation(
        method="GET",
        path="/backtests",
        handler=runs,
        answers=[
            Answer("the runs", {JSON: list[RunStatus]}, headers=LIST_HEADERS),
            UNMODIFIED,
        ],
        refuses=[416],
        takes=["If-None-Match"],
    ),
    Operation(
        method="GET",
        path="/optimizations",
        handler=optimizations,
        answers=[
            Answer("the optimizations", {JSON: list[OptimizationStatus]}, headers=LIST_HEADERS),
            UNMODIFIED,
        ],
        refuses=[416],
        takes=["If-None-Match"],
    ),
]
