"""What an optimization has come to: its results in pages, and its ranking as one table."""

from typing import Annotated, Literal, TypeAlias

import anyio
import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from domain.optimizations.lifecycle import Optimization
from service.api.core import core_of
from service.api.listing import link_to_next
from service.http.accept import wanted_form
from service.http.errors import BadRequestError, ConflictError
from service.http.operations import Answer, Operation
from service.http.requests import require_within
from service.optimizations import tables
from service.optimizations.optimizations import get_optimization
from service.optimizations.projection import stream_of
from service.optimizations.results import PAGE_TRIALS_MAX

Form: TypeAlias = Literal["application/json", "text/csv", "application/vnd.apache.parquet"]

JSON: Form = "application/json"
TABLES: dict[Form, tables.Writer] = {
    "text/csv": tables.csv,
    "application/vnd.apache.parquet": tables.parquet,
}


class RankingQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of results. ``after``: the rank that the page's trials follow.

    ``at_event``: the results as that event of the optimization left them.
    """

    after: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, Meta(ge=1, le=PAGE_TRIALS_MAX)] = PAGE_TRIALS_MAX
    at_event: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


async def results(request: Request, query: RankingQuery) -> Response:
    """``GET /optimizations/{optimization_id}/results``: the results, or 409 before the end."""
    form = wanted_form(request.headers.get("accept", ""), (JSON, *TABLES))
    core = core_of(request)
    optimization = await get_optimization(core.store, request.path_params["optimization_id"])
    response = await _respond(request, optimization, query, form)
    response.headers["Vary"] = "Accept"
    return response


async def _respond(
    request: Request, optimization: Optimization, query: RankingQuery, form: Form
) -> Response:
    core, its_id = core_of(request), optimization.optimization_id
    if form != JSON:
        if query != RankingQuery():
            raise BadRequestError(f"query parameters go with Accept: {JSON}; {form} is one table")
        require_ended(optimization)
        trials = await core.optimization_results.all_trials(its_id)
        body = await anyio.to_thread.run_sync(TABLES[form], trials)
        return Response(body, media_type=form)
    if query.at_event is None:
        require_ended(optimization)
        page = await core.optimization_results.page(its_id, after=query.after, limit=query.limit)
    else:
        require_within("at_event", query.at_event, await core.store.head(stream_of(its_id)))
        page = await core.optimization_results.page_at(
            its_id, query.at_event, after=query.after, limit=query.limit
        )
    last = query.after + query.limit
    more = last < page.trials
    headers = link_to_next(request.url.path, query, after=last) if more else None
    return Response(page.document, headers=headers, media_type=JSON)


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
                dict.fromkeys((JSON, *TABLES), bytes),
                headers=["Link"],
            )
        ],
        refuses=[404, 409, 416],
        takes=["Accept"],
    )
]
