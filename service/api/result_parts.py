"""Family 1, backtests: the parts of a run's results, each as a table of its own."""

from types import GenericAlias
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from service.api.backtests import require_completed
from service.api.core import core_of
from service.api.listing import page_headers, paged
from service.api.long_response import LongResponse
from service.api.result_types import PARTS, ROWS, Metrics, MetricsRow
from service.http.accept import negotiated
from service.http.conditional import entity_tag, unmodified
from service.http.cursors import CursorText, Place
from service.http.errors import BadRequestError
from service.http.operations import UNMODIFIED, Answer, Handler, Operation
from service.http.requests import require_within
from service.parts.forms import FORMS, FormName
from service.parts.parts import Document, Excerpt
from service.parts.reading import Source
from service.parts.thinning import DRAWN, POINTS_MIN

PATH = "/backtests/{run_id}/results/"
ROWS_MAX = 10_000
POINTS_MAX = 100_000
NAMES = {form.media_type: name for name, form in FORMS.items()}


class MetricsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a part that is not paged."""

    at_event: (
        Annotated[int, Meta(ge=1, le=2**63 - 1, description="as that event of the run left it")]
        | None
    ) = None
    format: Annotated[
        FormName | None, Meta(description="the form of the answer, whatever `Accept` says")
    ] = None


class RowsQuery(MetricsQuery, frozen=True, forbid_unknown_fields=True):
    """The query of a part in rows."""

    limit: (
        Annotated[int, Meta(ge=1, le=ROWS_MAX, description="rows on a page; else all of them")]
        | None
    ) = None
    cursor: Annotated[
        CursorText | None, Meta(description="where the page begins: from the `Link` of the last")
    ] = None


class PointsQuery(RowsQuery, frozen=True, forbid_unknown_fields=True):
    """The query of a curve."""

    max_points: (
        Annotated[
            int,
            Meta(ge=POINTS_MIN, le=POINTS_MAX, description="thinned to so many, to be drawn"),
        ]
        | None
    ) = None


class Asked(NamedTuple):
    """A part of a run as event ``until`` left it, and the tag of that."""

    run_id: str
    until: int
    form: FormName
    tag: str


async def metrics(request: Request, query: MetricsQuery) -> Response:
    """``GET /backtests/{run_id}/results/metrics``: every metric by its name.

    As a table: a row for each, ``name`` and ``value``.
    """
    asked = await _asked(request, query)
    if response := _unmodified(request, asked):
        return response
    document = await core_of(request).parts.metrics(asked.run_id, asked.until, asked.form)
    return _response(asked, document, {})


async def _rows(
    request: Request, curve: str, query: RowsQuery, points_max: int | None = None
) -> Response:
    if points_max is not None and (query.limit, query.cursor) != (None, None):
        raise BadRequestError("max_points is for the whole curve; leave out limit and cursor")
    core, asked = core_of(request), await _asked(request, query)
    start = 0
    if query.cursor is not None:
        place = core.cursors.read(query.cursor, paged(request.url.path, query))
        start = int(place.after[0])
    if response := _unmodified(request, asked):
        return response
    source = Source(asked.run_id, curve, asked.until)
    rows = await core.parts.rows(source)
    stop = rows if query.limit is None else min(start + query.limit, rows)
    document = await core.parts.document(Excerpt(source, asked.form, start, stop, points_max))
    following = Place(source.until, (stop,), rows) if stop < rows else None
    return _response(asked, document, page_headers(request, query, following, rows))


async def _asked(request: Request, query: MetricsQuery) -> Asked:
    """Read what is asked for. Raises 404, 406, 409 and 416."""
    core, form = core_of(request), query.format
    if form is None:
        accept = ",".join(request.headers.getlist("accept"))
        form = NAMES[negotiated(accept, list(NAMES))]
    current = await core.statuses.of(request.path_params["run_id"])
    if query.at_event is None:
        require_completed(current.run)
    else:
        require_within("at_event", query.at_event, current.events)
    until = query.at_event or current.events
    run_id = current.run.run_id
    return Asked(run_id, until, form, entity_tag(core.store.log_id, form, until))


def _unmodified(request: Request, asked: Asked) -> Response | None:
    response = unmodified(request, asked.tag)
    if response is not None:
        response.headers["Vary"] = "Accept"
    return response


def _response(asked: Asked, document: Document, headers: dict[str, str]) -> Response:
    headers |= {"ETag": asked.tag, "Vary": "Accept"}
    media_type = FORMS[asked.form].media_type
    if isinstance(document, bytes):
        return Response(document, headers=headers, media_type=media_type)
    return LongResponse(document, media_type, headers)


def _handler(part: str, curve: str) -> Handler:
    async def rows(request: Request, query: RowsQuery) -> Response:
        return await _rows(request, curve, query)

    async def points(request: Request, query: PointsQuery) -> Response:
        return await _rows(request, curve, query, query.max_points)

    handler = points if curve in DRAWN else rows
    handler.__name__ = part
    named = curve.replace("_", " ")
    handler.__doc__ = f"``GET {PATH}{part}``: the {named} of the results, whole or in pages."
    return handler


def _operation(part: str, handler: Handler, json: Any, line: Any, headers: list[str]) -> Operation:
    kinds = {"json": json, "ndjson": line, "csv": str}
    content = {form.media_type: kinds.get(name, bytes) for name, form in FORMS.items()}
    return Operation(
        method="GET",
        path=f"{PATH}{part}",
        handler=handler,
        answers=[
            Answer(f"{part.replace('_', ' ')} of the run", content, headers=["ETag", *headers]),
            UNMODIFIED,
        ],
        refuses=[404, 406, 409, 416],
        takes=["Accept", "If-None-Match"],
    )


OPERATIONS = [
    _operation("metrics", metrics, Metrics, MetricsRow, []),
    *(
        _operation(
            part,
            _handler(part, curve),
            GenericAlias(list, ROWS[part]),
            ROWS[part],
            ["Link", "X-Total-Count"],
        )
        for part, curve in PARTS.items()
    ),
]
