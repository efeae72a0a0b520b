"""Events over a WebSocket: a plain replay of the log from the client's cursor, then live.

The log is the queue: a connection owns a cursor and nothing else. A client that reads slowly is
sent what the log holds later; nothing is dropped, and nobody waits for it.
"""

from contextlib import aclosing, suppress

import anyio
import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.optimizations import events as sweep_events
from domain.runs import events as run_events
from service.api.core import core_of
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
    has_ended,
    selected,
    types_of,
)
from service.feed.tail import Page
from service.http.errors import ApiError
from service.http.operations import Stream
from service.http.requests import query_parameters

NORMAL_CLOSURE = 1000
SERVICE_RESTART = 1012
STOPPING = "the service is stopping; reconnect with last_event_id"
REFUSED = 4000
"""Plus the HTTP status that the same query has on ``/events``: 400, 409 or 416."""


class StreamQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a stream."""

    last_event_id: Cursor = 0
    log_id: LogId | None = None
    types: TypesText | None = None
    heartbeat: HeartbeatSeconds | None = None


async def run_stream(websocket: WebSocket) -> None:
    """``WS /backtests/{run_id}/stream``: every event after ``last_event_id``, once, in order."""
    await _stream(websocket, Subject(RUNS, websocket.path_params["run_id"]))


async def optimization_stream(websocket: WebSocket) -> None:
    """``WS /optimizations/{optimization_id}/stream``: the same of an optimization's events."""
    await _stream(websocket, Subject(OPTIMIZATIONS, websocket.path_params["optimization_id"]))


async def _stream(websocket: WebSocket, subject: Subject) -> None:
    store = core_of(websocket).store
    await websocket.accept(headers=[(b"x-log-id", store.log_id.encode())])
    try:
        query = query_parameters(websocket, StreamQuery)
        types = types_of(query.types, subject)
        cursor = query.last_event_id
        place = await find_place(store, subject, cursor, "last_event_id", query.log_id)
    except ApiError as error:
        await websocket.close(REFUSED + error.status, error.detail)
        return
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_watch_for_disconnect, websocket, tasks.cancel_scope)
        # A client that goes away in the middle of a frame will be back with its cursor.
        with suppress(WebSocketDisconnect):
            if await _replay(websocket, place, types, query.heartbeat):
                await websocket.close(NORMAL_CLOSURE, f"the {subject.family.noun} has ended")
            else:
                await websocket.close(SERVICE_RESTART, STOPPING)
        tasks.cancel_scope.cancel()


async def _replay(websocket: WebSocket, place: Place, types: Types, heartbeat: int | None) -> bool:
    """Send all that there is and that comes; whether it has come to the end."""
    if place.ended:
        return True
    store, feed = core_of(websocket).store, core_of(websocket).feed
    async with aclosing(feed.follow(place.stream, place.cursor, heartbeat)) as pages:
        async for page in pages:
            for frame in selected(page.frames, types):
                await _send(websocket, frame.text)
            if not page.frames:
                await _send(websocket, await _heartbeat(websocket, place, page))
            elif await has_ended(store, place, page):
                return True
    return False


async def _heartbeat(websocket: WebSocket, place: Place, page: Page) -> str:
    # At the end of the log there is no need to ask it where that is.
    head = page.cursor if page.at_head else await core_of(websocket).store.head(place.stream)
    return f'{{"type":"heartbeat","last_event_id":{page.cursor},"head":{head}}}'


async def _send(websocket: WebSocket, text: str) -> None:
    try:
        await websocket.send({"type": "websocket.send", "text": text})
    except RuntimeError as error:
        # The server has closed the connection by itself: it is stopping.
        raise WebSocketDisconnect(SERVICE_RESTART) from error


async def _watch_for_disconnect(websocket: WebSocket, scope: anyio.CancelScope) -> None:
    # Whatever else a client sends means nothing here.
    while (await websocket.receive())["type"] != "websocket.disconnect":
        continue
    scope.cancel()


_CLOSES = [NORMAL_CLOSURE, SERVICE_RESTART, *(REFUSED + status for status in (400, 409, 416))]

STREAMS = [
    Stream(
        path="/backtests/{run_id}/stream",
        handler=run_stream,
        query=StreamQuery,
        payloads=run_events.PAYLOADS,
        closes=_CLOSES,
    ),
    Stream(
        path="/optimizations/{optimization_id}/stream",
        handler=optimization_stream,
        query=StreamQuery,
        payloads=sweep_events.PAYLOADS,
        closes=_CLOSES,
    ),
]
