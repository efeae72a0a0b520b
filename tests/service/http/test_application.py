"""The index of routes takes every request where Starlette's own router would."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message

from service.http.application import Index

PATHS = [
    "/",
    "/runs",
    "/runs/compare",
    "/runs/{run_id}",
    "/runs/{run_id}/results",
    "/runs/{run_id}/events/{event_id:int}/proof",
    "/other/{name}",
    "/{family}/list/all",
]
ASKED = [
    *("/", "", "/runs", "/runs/", "/runs/compare", "/runs/compare/", "/runs/7", "/runs//results"),
    *("/runs/7/results", "/runs/compare/results", "/runs/{}/results", "/runs/{run_id}", "/other/x"),
    *("/runs/7/events/3/proof", "/runs/7/events/x/proof", "/a/list/all", "/runs/list/all", "//x"),
    *("/runs/a b", "/runs/ü/results", "/runs/7/results/more", "/nothing", "/{}", "/{}/list/all"),
]


def _route(path: str) -> Route:
    async def tell(request: Request) -> Response:
        return PlainTextResponse(f"{path} {request.path_params}")

    return Route(path, tell, methods=["GET"])


async def _answer(app: ASGIApp, method: str, path: str) -> tuple[int, bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", ASKED)
async def test_it_finds_what_the_router_finds(method: str, path: str) -> None:
    router = Router([_route(each) for each in PATHS], redirect_slashes=False)
    assert await _answer(Index(router), method, path) == await _answer(router, method, path)
