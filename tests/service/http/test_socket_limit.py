"""How many WebSockets and event streams one client may have open."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import anyio
from httpx2 import AsyncClient
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect

from service.http.application import Application
from service.http.responses import json_response
from service.http.stack import middleware
from service.settings import Settings
from tests.serving import serve, websocket_url

SAID = "{} has 2 WebSockets and event streams open, as many as it may; close one of them first"
SSE = {"Accept": "text/event-stream"}


async def waiting(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive()


async def events(request: Request) -> Response:
    if "text/event-stream" not in request.headers["accept"]:
        return json_response([])

    async def blocks() -> AsyncIterator[str]:
        yield ": beginning\n\n"
        await anyio.sleep_forever()

    return StreamingResponse(blocks(), media_type="text/event-stream")


def app(*keys: str) -> Application:
    return Application(
        routes=[WebSocketRoute("/waiting", waiting), Route("/events", events)],
        middleware=middleware(Settings(sockets_max=2, api_keys=keys)),
    )


def opening(url: str, key: str | None = None) -> connect:
    headers = {"X-API-Key": key} if key else {}
    return connect(websocket_url(url, "/waiting"), additional_headers=headers, proxy=None)


async def refusal_of(socket: ClientConnection) -> tuple[int | None, str | None]:
    with anyio.fail_after(10):
        await socket.wait_closed()
    return socket.close_code, socket.close_reason


async def test_one_websocket_too_many_is_closed_with_1008_and_room_is_made_by_closing_one() -> None:
    async with serve(app()) as url, AsyncExitStack() as others:
        first = await others.enter_async_context(opening(url))
        await others.enter_async_context(opening(url))
        async with opening(url) as third:
            assert await refusal_of(third) == (1008, SAID.format("127.0.0.1"))
        await first.close()
        async with opening(url) as fourth:
            await (await fourth.ping())


async def test_event_streams_count_and_other_answers_of_the_same_path_do_not() -> None:
    async with (
        serve(app()) as url,
        AsyncClient(base_url=url, trust_env=False) as http,
        opening(url),
    ):
        async with http.stream("GET", "/events", headers=SSE) as stream:
            assert stream.status_code == 200
            refused = await http.get("/events", headers=SSE)
            shouted = await http.get("/events", headers={"Accept": "Text/EVENT-stream"})
            assert shouted.status_code == 429
            assert (await http.get("/events")).status_code == 200
        assert refused.status_code == 429
        assert refused.json() == {"detail": SAID.format("127.0.0.1")}
        assert refused.headers["Retry-After"] == "5"


async def test_each_key_has_its_own() -> None:
    async with serve(app("one", "two")) as url, opening(url, "one"), opening(url, "one"):
        async with opening(url, "one") as third:
            assert await refusal_of(third) == (1008, SAID.format("key-1"))
        async with opening(url, "two") as other:
            await (await other.ping())


async def test_who_is_not_let_in_takes_nobodys_place() -> None:
    async with serve(app("one")) as url:
        for _ in range(3):
            async with opening(url, "wrong") as stranger:
                code, _ = await refusal_of(stranger)
                assert code == 1008
        async with opening(url, "one") as first, opening(url, "one") as second:
            await (await first.ping())
            await (await second.ping())
