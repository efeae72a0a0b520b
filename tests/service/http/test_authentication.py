"""Who may use the service."""

import hmac

import pytest
from httpx2 import AsyncClient
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from service.http.keys import ApiKeys
from service.settings import Settings
from tests.service.http.sample_app import sample_app
from tests.serving import client_of, serve, websocket_url

KEYS = ("first", "sec ond+/=%&?\"'\\", "d\u00e9j\u00e0 vu")
SETTINGS = Settings(api_keys=KEYS)


async def status(client: AsyncClient, *headers: tuple[str, str]) -> int:
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return (await client.get("/hello", headers=encoded)).status_code


@pytest.mark.parametrize("key", KEYS)
async def test_each_key_opens_in_either_header(key: str) -> None:
    async with client_of(sample_app(SETTINGS)) as client:
        assert await status(client, ("X-API-Key", key)) == 200
        assert await status(client, ("Authorization", f"Bearer {key}")) == 200
        assert await status(client, ("authorization", f"bearer  {key}")) == 200
        assert await status(client, ("Authorization", "Bearer no"), ("X-API-Key", key)) == 200


WRONG = [
    ("X-API-Key", "wrong"),
    ("X-API-Key", ""),
    ("X-API-Key", "firs"),
    ("X-API-Key", "first!"),
    ("X-API-Key", "FIRST"),
    ("X-API-Key", ",".join(KEYS)),
    ("Authorization", "first"),
    ("Authorization", "Basic first"),
    ("Authorization", "Bearer"),
    ("Cookie", "api_key=first"),
    ("X-Other", "first"),
]


async def test_anything_else_is_401() -> None:
    async with client_of(sample_app(SETTINGS)) as client:
        responses = [
            await client.get("/hello", headers=[(name.encode(), value.encode())])
            for name, value in WRONG
        ]
    for header, response in zip(WRONG, responses, strict=True):
        assert response.status_code == 401, header
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.json()["detail"].startswith("a valid API key is required: ")


async def test_a_query_does_not_open_http() -> None:
    async with client_of(sample_app(SETTINGS)) as client:
        assert (await client.get("/hello?api_key=first")).status_code == 401


async def test_health_is_open_and_an_unknown_path_is_not() -> None:
    async with client_of(sample_app(SETTINGS)) as client:
        paths = ("/healthz", "/api/v1/health", "/nowhere", "/healthz/", "/healthz/../hello")
        statuses = [(await client.get(path)).status_code for path in paths]
    assert statuses == [200, 200, 401, 401, 401]


async def test_without_keys_everything_is_open() -> None:
    async with client_of(sample_app(Settings())) as client:
        assert await status(client) == 200
        assert await status(client, ("X-API-Key", "whatever")) == 200


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?api_key=first", {}),
        ("?a=1&api_key=sec+ond%2B%2F%3D%25%26%3F%22%27%5C", {}),
        ("?api_key=d%C3%A9j%C3%A0%20vu", {}),
        ("", {"X-API-Key": "first"}),
        ("", {"Authorization": "Bearer first"}),
        ("?api_key=wrong", {"X-API-Key": "first"}),
    ],
)
async def test_a_websocket_opens_with_query_or_header(query: str, headers: dict[str, str]) -> None:
    async with serve(sample_app(SETTINGS)) as url:
        address = websocket_url(url, "/echo" + query)
        async with connect(address, proxy=None, additional_headers=headers) as socket:
            await socket.send("hello")
            assert await socket.recv() == "hello"


@pytest.mark.parametrize("query", ["", "?api_key=", "?api_key=wrong", "?API_KEY=first"])
async def test_a_websocket_without_a_key_can_read_why_it_was_closed(query: str) -> None:
    async with (
        serve(sample_app(SETTINGS)) as url,
        connect(websocket_url(url, "/echo" + query), proxy=None) as socket,
    ):
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason.startswith("a valid API key is required")


async def test_the_key_is_no_parameter_of_the_websockets_route() -> None:
    async with (
        serve(sample_app(SETTINGS)) as url,
        connect(websocket_url(url, "/searching?api_key=first&limit=7"), proxy=None) as socket,
    ):
        assert await socket.recv() == "7"


@pytest.mark.parametrize("offered", ["first", "second", "third", "none of them"])
def test_as_much_is_compared_whichever_key_matches(
    offered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def counted(left: bytes, right: bytes) -> bool:
        lengths.append((len(left), len(right)))
        return compare(left, right)

    keys = ApiKeys(("first", "second", "third"))
    monkeypatch.setattr(hmac, "compare_digest", counted)
    scope = {"type": "http", "headers": [(b"x-api-key", offered.encode())]}
    found = keys.find(scope, moment=0)
    expected = {"first": "key-1", "second": "key-2", "third": "key-3"}
    assert (found and found.name) == expected.get(offered)
    assert lengths == [(32, 32)]
