"""Events over plain HTTP, of one stream or of all: in pages, as one export, or as they come.

One path, three forms, chosen by ``Accept``; each begins after the client's cursor.
"""

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from service.api.core import core_of
from service.api.event_forms import (
    EVENT_STREAM,
    FORMS,
    JSON,
    NDJSON,
    EventPage,
    Form,
    blocks,
    event_page,
    lines,
)
from service.api.subscription import (
    OPTIMIZATIONS,
    RUNS,
    Cursor,
    HeartbeatSeconds,
    LogId,
    Place,
    Subject,
    Types,
    TypesText,
    find_place,
    types_of,
)
from service.feed.tail import PAGE_EVENTS_MAX
from service.http.accept import wanted_form
from service.http.context import context_of
from service.http.errors import ApiError, BadRequestError
from service.http.operations import Answer, Operation
from service.http.requests import read_header
from service.http.responses import json_response

PAGE_EVENTS = 100
HEARTBEAT_SECONDS = 15
ONLY_FOR: dict[str, Form] = {"limit": JSON, "heartbeat": EVENT_STREAM}


class EventsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of ``/events``. ``after`` and ``last_event_id`` are two names of the cursor."""

    after: Cursor | None = None
    last_event_id: Cursor | None = None
    log_id: LogId | None = None
    types: TypesText | None = None
    limit: (
        Annotated[int, Meta(ge=1, le=PAGE_EVENTS_MAX, description="how many events a page holds")]
        | None
    ) = None
    heartbeat: HeartbeatSeconds | None = None


class EventStream(StreamingResponse):
    """Server-sent events, which end when the API key that asked for them does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them until there are no more."""
        context = context_of(scope)
        assert context.sessions is not None
        with context.sessions.session(context.key) as session:
            await super().__call__(scope, receive, send)
        if session.ended is not None and context.status is not None:
            # Whole blocks only: the browser comes back with its cursor, and is told why.
            await session.farewell(send, {"type": "http.response.body", "body": b""})


async def run_events(request: Request, query: EventsQuery) -> Response:
    """``GET /backtests/{run_id}/events``: the run's events; the cursor is an event id."""
    return await _events(request, query, Subject(RUNS, request.path_params["run_id"]))


async def optimization_events(request: Request, query: EventsQuery) -> Response:
    """``GET /optimizations/{optimization_id}/events``: the optimization's events, likewise."""
    subject = Subject(OPTIMIZATIONS, request.path_params["optimization_id"])
    return await _events(request, query, subject)


async def log_events(request: Request, query: EventsQuery) -> Response:
    """``GET /events``: the events of the whole log; the cursor is a position."""
    return await _events(request, query, None)


async def _events(request: Request, query: EventsQuery, subject: Subject | None) -> Response:
    store = core_of(request).store
    vary = {"Vary": "Accept"}
    try:
        form = wanted_form(request.headers.get("accept", ""), FORMS)
        _require_fit(query, form)
        types = types_of(query.types, subject)
        cursor_name, cursor = _cursor(request, query)
        place = await find_place(store, subject, cursor, cursor_name, query.log_id)
    except ApiError as error:
        error.headers |= vary
        raise
    response = await _respond(request, form, query, place, types)
    response.headers.update(vary | {"X-Log-Head": str(place.head)})
    return response


async def _respond(
    request: Request, form: Form, query: EventsQuery, place: Place, types: Types
) -> Response:
    core = core_of(request)
    if form == EVENT_STREAM and place.ended:
        return Response(status_code=204)  # an EventSource that is told so does not come back
    if request.method == "HEAD":
        head = Response(media_type=form)
        del head.headers["Content-Length"]  # which is not that of the body it stands for
        return head
    if form == EVENT_STREAM:
        beat_seconds = query.heartbeat or HEARTBEAT_SECONDS
        unbuffered = {"X-Accel-Buffering": "no"}  # or a proxy would hold events back
        return EventStream(
            blocks(core, place, types, beat_seconds), headers=unbuffered, media_type=form
        )
    if form == NDJSON:
        return StreamingResponse(lines(core.store, place, types), media_type=form)
    page = await event_page(core.store, place, types, query.limit or PAGE_EVENTS)
    return json_response(page, headers=_link(request, query, page))


def _require_fit(query: EventsQuery, form: Form) -> None:
    for parameter, its_form in ONLY_FOR.items():
        if getattr(query, parameter) is not None and form != its_form:
            raise BadRequestError(f"query parameter {parameter} goes with Accept: {its_form}")
    if query.after is not None and query.last_event_id is not None:
        raise BadRequestError("after and last_event_id are the same cursor; give one of them")


def _cursor(request: Request, query: EventsQuery) -> tuple[str, int]:
    """The cursor and what the client called it.

    A browser that reconnects repeats the query it began with; its header is newer.
    """
    header = read_header(request, "Last-Event-ID")
    if header is not None:
        return "Last-Event-ID", header
    if query.last_event_id is not None:
        return "last_event_id", query.last_event_id
    return "after", query.after or 0


def _link(request: Request, query: EventsQuery, page: EventPage) -> dict[str, str]:
    if page.next >= page.head:
        return {}
    following = {"after": page.next, "limit": query.limit, "types": query.types}
    given = {name: value for name, value in following.items() if value is not None}
    given["log_id"] = page.log_id
    return {"Link": f'<{request.url.path}?{urlencode(given)}>; rel="next"'}


_ANSWERS = [
    Answer(
        "the events: a page of them, all up to the head, or as they come",
        {JSON: EventPage, NDJSON: bytes, EVENT_STREAM: bytes},
        headers=["X-Log-Head", "Link"],
    ),
    Answer("server-sent events: nothing will ever follow the cursor", status=204),
]
_TAKES = ["Accept", "Last-Event-ID"]

OPERATIONS = [
    Operation(
        method="GET",
        path="/events",
        handler=log_events,
        answers=_ANSWERS[:1],
        refuses=[409, 416],
        takes=_TAKES,
    ),
    Operation(
        method="GET",
        path="/backtests/{run_id}/events",
        handler=run_events,
        answers=_ANSWERS,
        refuses=[404, 409, 416],
        takes=_TAKES,
    ),
    Operation(
        method="GET",
        path="/optimizations/{optimization_id}/events",
        handler=optimization_events,
        answers=_ANSWERS,
        refuses=[404, 409, 416],
        takes=_TAKES,
    ),
]
