"""A tiny app behind the real layers: one route for each thing that can happen."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import anyio.lowlevel
import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from domain.errors import InvalidRequest
from service import clock
from service.http.application import Application
from service.http.errors import ConflictError, NotFoundError
from service.http.keys import ApiKeys
from service.http.requests import query_parameters, read_json
from service.http.responses import json_response
from service.http.stack import middleware
from service.settings import Settings


class Strategy(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: Literal["momentum", "buy_and_hold"] = "buy_and_hold"
    params: dict[str, Any] = {}


class Order(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    symbols: Annotated[list[Annotated[str, msgspec.Meta(max_length=8)]], msgspec.Meta(min_length=1)]
    strategy: Strategy = Strategy()
    capital: float = 1.0


class Search(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    state: Literal["queued", "running"] | None = None


async def hello(request: Request) -> Response:
    return json_response({"hello": "world"})


async def page(request: Request) -> Response:
    headers = {"Content-Security-Policy": "default-src 'self'"}
    return HTMLResponse("<p>hello</p>", headers=headers)


async def order(request: Request) -> Response:
    return json_response(await read_json(request, Order), 201, {"Location": "/order/1"})


async def search(request: Request) -> Response:
    return json_response(query_parameters(request, Search))


async def missing(request: Request) -> Response:
    raise NotFoundError("no run 7")


async def early(request: Request) -> Response:
    raise ConflictError("Results not ready")


async def refused(request: Request) -> Response:
    raise InvalidRequest("start_date", "must be before end_date")


async def broken(request: Request) -> Response:
    raise RuntimeError("the cause is for the log only")


async def broken_off(request: Request) -> Response:
    async def pieces() -> Any:
        yield b"half of it"
        raise RuntimeError("the cause is for the log only")

    return StreamingResponse(pieces())


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


async def broken_before_accept(socket: WebSocket) -> None:
    raise RuntimeError("the cause is for the log only")


async def broken_after_accept(socket: WebSocket) -> None:
    await socket.accept()
    raise RuntimeError("the cause is for the log only")


async def no_such_run(socket: WebSocket) -> None:
    raise NotFoundError("no run 7" + " and a long reason" * 20)


async def waiting(socket: WebSocket) -> None:
    await socket.accept()
    await socket.receive_text()


class Flood:
    """Sends to its client, without asking whether it is still there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while True:
            await send({"type": "websocket.send", "text": "more" * 16_000})
            await anyio.lowlevel.checkpoint()


async def searching(socket: WebSocket) -> None:
    found = query_parameters(socket, Search)
    await socket.accept()
    await socket.send_text(str(found.limit))
    await socket.close()


def sample_app(
    settings: Settings,
    monotonic: Callable[[], int] = clock.monotonic_microseconds,
    now: Callable[[], int] = clock.now_seconds,
) -> Application:
    """The app behind the layers that ``settings`` ask for, with no key but theirs."""
    return guarded_app(settings, ApiKeys(settings.api_keys), monotonic, now)


def guarded_app(
    settings: Settings,
    keys: ApiKeys,
    monotonic: Callable[[], int] = clock.monotonic_microseconds,
    now: Callable[[], int] = clock.now_seconds,
) -> Application:
    """The app behind the layers that ``settings`` ask for, opened by ``keys``."""
    return Application(
        routes=[
            Route("/hello", hello),
            Route("/healthz", hello),
            Route("/api/v1/health", hello),
            Route("/page", page),
            Route("/order", order, methods=["POST"]),
            Route("/search", search),
            Route("/missing", missing),
            Route("/early", early),
            Route("/refused", refused),
            Route("/broken", broken),
            Route("/broken-off", broken_off),
            WebSocketRoute("/echo", echo),
            WebSocketRoute("/broken-before-accept", broken_before_accept),
            WebSocketRoute("/broken-after-accept", broken_after_accept),
            WebSocketRoute("/no-such-run", no_such_run),
            WebSocketRoute("/searching", searching),
            WebSocketRoute("/waiting", waiting),
            WebSocketRoute("/flood", Flood()),
        ],
        middleware=middleware(settings, monotonic, now, keys),
    )
