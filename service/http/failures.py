"""The one way from an exception to what a client gets: a status and a detail, or a close code."""

from asyncio import CancelledError
from collections.abc import Awaitable, Mapping
from typing import NamedTuple

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from uvicorn.protocols.utils import ClientDisconnected

from domain.errors import InvalidRequest
from domain.optimizations.lifecycle import IllegalMove as IllegalSweepMove
from domain.runs.lifecycle import IllegalMove
from eventstore.errors import AppendFailed, AppendTimeout, StoreClosed
from service.http.context import context_of
from service.http.errors import ApiError, StoppingError
from service.http.lingering import send_and_linger
from service.http.responses import json_response
from service.idempotency import KeyReused
from service.optimizations.optimizations import UnknownOptimization
from service.runs import UnknownRun
from service.strategies.strategies import UnknownStrategy
from service.waiting import QueueFull, QueueOfKeyFull

STATUS_OF: dict[type[Exception], int] = {
    InvalidRequest: 400,
    IllegalMove: 409,
    IllegalSweepMove: 409,
    KeyReused: 422,
    UnknownOptimization: 404,
    UnknownRun: 404,
    UnknownStrategy: 404,
}
"""Errors of the inner rooms whose message is meant for the client. All others are a plain 500."""

UNAVAILABLE: dict[type[Exception], str] = {
    AppendFailed: "the event log cannot be written at the moment; try again later",
    AppendTimeout: "the event log is written more slowly than is asked of it; try again later",
    StoreClosed: "the service is stopping; try again in a moment",
}
"""Errors of the log that pass: the client is to come back, the server's own log says why."""

LATER: dict[type[Exception], int] = {QueueFull: 503, QueueOfKeyFull: 429}
"""Refusals whose message is meant for the client, who is to come back."""

RETRY_AFTER_SECONDS = "1"
PATH_SHOWN_CHARACTERS_MAX = 200
CLOSE_REASON_BYTES_MAX = 123  # RFC 6455, 5.5: a control frame holds 125 bytes, two are the code
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013


class Failure(NamedTuple):
    """What the client is told."""

    status: int
    detail: str
    headers: Mapping[str, str] = {}


def failure_of(error: Exception, scope: Scope) -> Failure:
    """What the client is told about ``error``; status 500 where the error is ours."""
    if isinstance(error, ApiError):
        return Failure(error.status, error.detail, error.headers)
    if isinstance(error, HTTPException):
        return _routing_failure(error, scope)
    for kind in type(error).__mro__:
        if kind in STATUS_OF:
            return Failure(STATUS_OF[kind], str(error))
    if type(error) in LATER:
        return Failure(LATER[type(error)], str(error), {"Retry-After": RETRY_AFTER_SECONDS})
    if type(error) in UNAVAILABLE:
        return Failure(503, UNAVAILABLE[type(error)], {"Retry-After": RETRY_AFTER_SECONDS})
    request_id = context_of(scope).request_id
    return Failure(500, f"internal error; the server's log has it under request id {request_id}")


class Failures:
    """Turns whatever the app raises into a response, or into the close of a WebSocket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = structlog.get_logger().bind(logger="failures")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only a response that broke off half-way still raises."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return
        except CancelledError:
            # The server stops, and this has taken too long.
            if context_of(scope).status is None:
                await _response(failure_of(StoppingError(), scope))(scope, receive, send)
            raise
        except Exception as error:
            if context_of(scope).status is not None:
                raise  # only the server can break off a response
            failure = self._failure(error, scope)
            if failure.status == 413:
                await send_and_linger(_response(failure), receive, send)
            else:
                await _response(failure)(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = closed = False

        async def refuse(code: int, reason: str) -> None:
            # A client can read a close code, but not the status of a failed handshake.
            if not accepted:
                await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": code, "reason": _close_reason(reason)})

        def noting_state(message: Message) -> Awaitable[None]:
            nonlocal accepted, closed
            if message["type"] == "websocket.close":
                closed = True
                if not accepted:
                    return refuse(POLICY_VIOLATION, message.get("reason") or _nothing_at(scope))
                message = {**message, "reason": _close_reason(message.get("reason") or "")}
            accepted = accepted or message["type"] == "websocket.accept"
            return send(message)

        try:
            await self._app(scope, receive, noting_state)
        except (WebSocketDisconnect, ClientDisconnected):
            return
        except Exception as error:
            failure = self._failure(error, scope)
            if not closed:
                codes = {500: INTERNAL_ERROR, 503: TRY_AGAIN_LATER}
                await refuse(codes.get(failure.status, POLICY_VIOLATION), failure.detail)

    def _failure(self, error: Exception, scope: Scope) -> Failure:
        failure = failure_of(error, scope)
        if type(error) in UNAVAILABLE:
            self._log.error("unavailable", error=str(error))
        elif failure.status == 500:
            self._log.error("internal error", exc_info=error)
        return failure


def _response(failure: Failure) -> Response:
    return json_response({"detail": failure.detail}, failure.status, failure.headers)


def _routing_failure(error: HTTPException, scope: Scope) -> Failure:
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return Failure(404, _nothing_at(scope), headers)
    if error.status_code == 405 and "Allow" in headers:
        allowed = headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
        return Failure(405, f"{scope['method']} is not allowed here; allowed: {allowed}", headers)
    return Failure(error.status_code, error.detail, headers)


def _nothing_at(scope: Scope) -> str:
    return f"there is nothing at {scope['path'][:PATH_SHOWN_CHARACTERS_MAX]}"


def _close_reason(text: str) -> str:
    return text.encode()[:CLOSE_REASON_BYTES_MAX].decode(errors="ignore")
