"""A run's events over a WebSocket: a plain replay of the log from the client's cursor, then live.

The log is the queue: a connection owns a cursor and nothing else. A client that reads slowly is
sent what the log holds later; nothing is dropped, and nobody waits for it.
"""

from contextlib import aclosing, suppress
from typing import Annotated

import anyio
import msgspec
from msgspec import Meta
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.market.moments import iso
from domain.runs.events import Cancelled, Completed, Failed, decode
from eventstore.events import Event
from service.api.core import core_of
from service.http.errors import BadRequestError
from service.http.requests import query_parameters
from service.projections import RUN_STREAM, stream_of
from service.runs import get_run

NORMAL_CLOSURE = 1000
SERVICE_RESTART = 1012
MALFORMED_CURSOR = 4400
CURSOR_BEYOND_HEAD = 4416


class StreamQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a stream: the last event that the client has, 0 for none."""

    last_event_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0


def frame(event: Event) -> str:
    """One event as a WebSocket text frame; its payload goes out byte for byte as stored."""
    return (
        f'{{"event_id":{event.event_id},"run_id":"{event.stream.removeprefix(RUN_STREAM)}",'
        f'"type":"{event.type}","timestamp":"{iso(event.recorded_at)}",'
        f'"payload":{event.payload.decode()}}}'
    )


async def stream(websocket: WebSocket) -> None:
    """``WS /backtests/{run_id}/stream``: every event after ``last_event_id``, once, in order."""
    run = await get_run(core_of(websocket).store, websocket.path_params["run_id"])
    await websocket.accept()
    try:
        cursor = query_parameters(websocket, StreamQuery).last_event_id
    except BadRequestError as error:
        await websocket.close(MALFORMED_CURSOR, error.detail)
        return
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_watch_for_disconnect, websocket, tasks.cancel_scope)
        # A client that goes away in the middle of a frame will be back with its cursor.
        with suppress(WebSocketDisconnect):
            code, reason = await _replay(websocket, stream_of(run.run_id), cursor)
            await websocket.close(code, reason)
        tasks.cancel_scope.cancel()


async def _replay(websocket: WebSocket, stream: str, cursor: int) -> tuple[int, str]:
    store = core_of(websocket).store
    head = await store.head(stream)
    if cursor > head:
        return CURSOR_BEYOND_HEAD, f"last_event_id {cursor} is beyond the head, {head}"
    if cursor == head and _is_final((await store.read(stream, head - 1, 1))[0]):
        return NORMAL_CLOSURE, "the run has ended"
    async with aclosing(store.follow(stream, cursor)) as pages:
        async for page in pages:
            for event in page:
                await _send(websocket, frame(event))
            if _is_final(page[-1]):
                return NORMAL_CLOSURE, "the run has ended"
    return SERVICE_RESTART, "the service is stopping; reconnect with last_event_id"


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


def _is_final(event: Event) -> bool:
    return event.type == "state" and isinstance(
        decode(event.type, event.payload), Completed | Failed | Cancelled
    )


ROUTES = [WebSocketRoute("/backtests/{run_id}/stream", stream)]
