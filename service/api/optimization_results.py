"""What an optimization has come to: its results in pages, and its ranking as one table."""

from typing import Annotated, Literal, TypeAlias

import anyio
import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from domain.optimizations.lifecycle import Optimization
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.results import RankedTrial, WalkForward
from domain.optimizations.statistics.diagnostics import Diagnostics
from domain.runs.request import BacktestRequest
from service.api.core import core_of
from service.api.listing import LIST_HEADERS, page_headers, paged
from service.api.result_types import LogLine
from service.http.accept import wanted_form
from service.http.conditional import entity_tag, unmodified
from service.http.cursors import CursorText, Place
from service.http.errors import BadRequestError, ConflictError
from service.http.operations import UNMODIFIED, Answer, Operation
from service.http.requests import require_within
from service.http.responses import encoded_response
from service.optimizations import tables
from service.optimizations.projection import stream_of
from service.optimizations.results import PAGE_TRIALS_MAX
from service.optimizations.statuses import CurrentOptimization

Form: TypeAlias = Literal["application/json", "text/csv", "application/vnd.apache.parquet"]

JSON: Form = "application/json"
TABLES: dict[Form, tables.Writer] = {
    "text/csv": tables.csv,
    "application/vnd.apache.parquet": tables.parquet,
}


class OptimizationResults(msgspec.Struct, frozen=True):
    """What has come of an optimization. ``all_trials``: the page's part of the ranking.

    It is what the document is described by, which is never made of it: it is folded from the log.
    """

    optimization_id: str
    best_trial: RankedTrial | None
    trials: int
    all_trials: list[RankedTrial]
    replay_backtest: BacktestRequest | None
    walk_forward: WalkForward | None
    diagnostics: Diagnostics | None
    logs: list[LogLine]
    manifest: SweepManifest | None


class RankingQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of results."""

    after: Annotated[
        int, Meta(ge=0, le=2**63 - 1, description="the rank that the page's trials follow")
    ] = 0
    limit: Annotated[
        int, Meta(ge=1, le=PAGE_TRIALS_MAX, description="how many trials on a page")
    ] = PAGE_TRIALS_MAX
    at_event: Annotated[
        Annotated[int, Meta(ge=1, le=2**63 - 1)] | None,
        Meta(description="as that event of the optimization left it"),
    ] = None
    cursor: Annotated[
        CursorText | None, Meta(description="where the page begins: from the `Link` of the last")
    ] = None


async def results(request: Request, query: RankingQuery) -> Response:
    """``GET /optimizations/{optimization_id}/results``: the results, or 409 before the end."""
    form = wanted_form(request.headers.get("accept", ""), (JSON, *TABLES))
    current = await core_of(request).optimization_statuses.of(
        request.path_params["optimization_id"]
    )
    if form == JSON:
        response = await _page(request, current, query)
    else:
        if query != RankingQuery():
            raise BadRequestError(f"query parameters go with Accept: {JSON}; {form} is one table")
        response = await _table(request, current, form)
    response.headers["Vary"] = "Accept"
    return response


async def _table(request: Request, current: CurrentOptimization, form: Form) -> Response:
    core, optimization = core_of(request), current.optimization
    require_ended(optimization)
    tag = entity_tag(core.store.log_id, form, current.position)
    if response := unmodified(request, tag):
        return response
    trials = await core.optimization_results.all_trials(optimization.optimization_id)
    body = await anyio.to_thread.run_sync(TABLES[form], trials)
    return Response(body, headers={"ETag": tag}, media_type=form)


async def _page(request: Request, current: CurrentOptimization, query: RankingQuery) -> Response:
    core, its_id = core_of(request), current.optimization.optimization_id
    after, until = query.after, query.at_event
    if query.cursor is not None:
        place = core.cursors.read(query.cursor, paged(request.url.path, query))
        after, until = int(place.after[0]), place.position
    if until is None:
        require_ended(current.optimization)
        until = current.events  # that which the tag is of, also where it is resumed meanwhile
        tag = entity_tag(core.store.log_id, "ranking", current.position)
    else:
        require_within("at_event", until, await core.store.head(stream_of(its_id)))
        tag = entity_tag(core.store.log_id, "ranking", "event", until)
    if response := unmodified(request, tag):
        return response
    page = await core.optimization_results.page(its_id, until, after=after, limit=query.limit)
    last = after + query.limit
    following = Place(page.event_id, (last,), page.trials) if last < page.trials else None
    headers = page_headers(request, query, following, page.trials)
    return encoded_response(page.document, tag, headers)


def require_ended(optimization: Optimization) -> None:
    """Raise ``ConflictError`` where more is to come of an optimization."""
    if not optimization.state.final:
        raise ConflictError("Results not ready")


OPERATIONS = [
    Operation(
        method="GET",
        path="/optimizations/{optimization_id}/results",
        handler=results,
        answers=[
            Answer(
                "the results with a page of the ranking; the whole ranking as one table",
                {JSON: OptimizationResults, **dict.fromkeys(TABLES, bytes)},
                headers=LIST_HEADERS,
            ),
            UNMODIFIED,
        ],
        refuses=[404, 409, 416],
        takes=["Accept", "If-None-Match"],
    )
]
