"""What each key may do, over the whole table of operations."""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from anyio import fail_after
from httpx2 import AsyncClient
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from service import clock
from service.api.discovery import described
from service.api.stream import STREAMS
from service.app import OPERATIONS
from service.http.application import Application
from service.http.gate import OPEN_PATHS
from service.http.keys import ApiKeys
from service.http.operations import Operation, Stream, routes_of
from service.http.requests import NoQuery
from service.http.stack import middleware
from service.keys.key_file import create_key, revoke_key
from service.keys.scopes import SCOPES, KeyScope, includes
from service.settings import Settings
from tests.service.api.running import SHORT, Service, close_of, running_service
from tests.serving import serve, websocket_url

NOWHERE = "00000000-0000-0000-0000-000000000000"
KEYS_PAGE = Path(__file__).parents[3] / "docs" / "keys.md"
EVERY = described(OPERATIONS, STREAMS, lambda: True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def path(folder: Path) -> Path:
    return Settings(data_dir=folder).keys_path


@pytest.fixture(scope="module")
async def service(folder: Path) -> AsyncIterator[Service]:
    async with running_service(folder, api_keys=("given",), engine_processes=1) as service:
        yield service


@pytest.fixture(scope="module")
def keys(path: Path) -> Mapping[KeyScope, str]:
    """A key of each scope, called after it."""
    return {scope: create_key(path, scope, scope, None, clock.now_seconds()) for scope in SCOPES}


async def told(http: AsyncClient, operation: Operation, key: str) -> tuple[int, str]:
    path = re.sub(r"\{\w+:int\}", "1", operation.path)
    path = re.sub(r"\{\w+\}", NOWHERE, path)
    headers = {"X-API-Key": key, "Accept": "application/json"}
    response = await http.request(operation.method, path, headers=headers)
    return response.status_code, response.text


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_key_may_do_what_its_scope_says_and_no_more(
    service: Service, keys: Mapping[KeyScope, str], scope: KeyScope
) -> None:
    for operation in EVERY:
        status, text = await told(service.http, operation, keys[scope])
        assert status not in (401, 500), operation
        is_allowed = operation.scope is None or includes(scope, operation.scope)
        assert (status != 403) is is_allowed, operation
        if not is_allowed:
            assert f"needs an API key of the scope {operation.scope}" in text
            assert f"'{scope}' is of the scope {scope}" in text


def test_what_changes_anything_needs_more_than_read() -> None:
    assert {operation.scope for operation in EVERY if operation.method != "GET"} == {"run", "admin"}


def test_no_key_is_needed_for_what_needs_no_scope_and_for_nothing_else() -> None:
    known = {operation.path for operation in EVERY if operation.scope is None}
    assert known == OPEN_PATHS - {"/api/v1/health"}


@pytest.mark.parametrize("scope", ["run", "admin"])
def test_the_table_of_scopes_names_what_each_may(scope: KeyScope) -> None:
    [row] = re.findall(rf"^\| `{scope}` \| (.*) \|$", KEYS_PAGE.read_text(), flags=re.MULTILINE)
    may = {f"`{each.method} {each.path}`" for each in EVERY if each.scope == scope}
    assert set(row.split(", ")) == may


async def test_a_key_of_the_settings_may_do_everything(service: Service) -> None:
    for operation in EVERY:
        assert (await told(service.http, operation, "given"))[0] not in (401, 403)


async def test_a_key_of_the_scope_run_makes_a_run_and_follows_it(
    service: Service, keys: Mapping[KeyScope, str]
) -> None:
    header = {"X-API-Key": keys["run"]}
    created = await service.http.post("/backtests", json=SHORT, headers=header)
    assert created.status_code == 201
    address = websocket_url(service.url, f"/backtests/{created.json()['run_id']}/stream")
    async with connect(address, additional_headers=header, proxy=None) as socket:
        assert (await close_of(socket))[0] == 1000


async def test_a_websocket_that_needs_more_is_closed_with_the_reason(tmp_path: Path) -> None:
    async def never(websocket: WebSocket) -> None:
        raise AssertionError

    stream = Stream(
        path="/orders", handler=never, query=NoQuery, payloads={}, closes=(), scope="run"
    )
    key = create_key(tmp_path / "keys.json", "ci", "read", None, clock.now_seconds())
    keys = ApiKeys((), tmp_path / "keys.json")
    app = Application(
        routes=routes_of([], [stream]),
        middleware=middleware(Settings(), keys=keys),
    )
    address = f"/orders?api_key={key}"
    async with serve(app) as url, connect(websocket_url(url, address), proxy=None) as socket:
        reason = "this needs an API key of the scope run, and 'ci' is of the scope read"
        assert await close_of(socket) == (1008, reason)


async def test_server_sent_events_end_whole_when_their_key_is_revoked(
    service: Service, path: Path
) -> None:
    created = await service.http.post("/backtests", json=SHORT, headers={"X-API-Key": "given"})
    assert created.status_code == 201
    key = create_key(path, "watcher", "read", None, clock.now_seconds())
    headers = {"X-API-Key": key, "Accept": "text/event-stream"}
    with fail_after(10):
        async with service.http.stream("GET", "/events", headers=headers) as response:
            revoke_key(path, "watcher", clock.now_seconds())
            received = [line async for line in response.aiter_lines()]
    assert received[0] == "id: 1"
    assert received[-1] == ""  # the end of a block
    refused = await service.http.get("/events", headers=headers)
    assert refused.json() == {"detail": "the API key 'watcher' was revoked"}
