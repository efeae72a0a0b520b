"""Request id and security headers are on every response, whatever became of the request."""

import pytest
from httpx2 import AsyncClient, Response
from websockets.asyncio.client import connect

from service.settings import Settings
from tests.service.http.sample_app import sample_app
from tests.serving import client_of, serve, websocket_url

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def missing_headers(response: Response) -> dict[str, str]:
    """The headers that ``response`` should have and does not, or with another value."""
    got = {name: response.headers.get_list(name) for name in SECURITY_HEADERS}
    return {name: value for name, value in SECURITY_HEADERS.items() if got[name] != [value]}


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (200, "GET", "/hello"),
        (200, "HEAD", "/hello"),
        (200, "GET", "/healthz"),
        (400, "GET", "/search?limit=x"),
        (400, "GET", "/refused"),
        (404, "GET", "/nowhere"),
        (404, "GET", "/missing"),
        (405, "PUT", "/hello"),
        (409, "GET", "/early"),
        (500, "GET", "/broken"),
    ],
)
async def test_headers_whatever_the_route_does(status: int, method: str, path: str) -> None:
    async with client_of(sample_app(Settings())) as client:
        response = await client.request(method, path, headers={"X-Request-ID": "mine"})
    assert response.status_code == status
    assert response.headers.get_list("X-Request-ID") == ["mine"]
    assert missing_headers(response) == {}


async def test_headers_where_no_route_is_reached() -> None:
    settings = Settings(
        api_keys=("key",), rate_limit=3, cors_origins=("http://a.example",), max_body_bytes=10
    )
    key = {"X-API-Key": "key"}
    preflight = {"Origin": "http://a.example", "Access-Control-Request-Method": "GET"}
    async with client_of(sample_app(settings)) as client:
        responses = [
            await client.get("/hello"),
            await client.post("/order", content=b"x" * 11, headers=key),
            await client.post("/order", content=b"{}", headers=key | {"Content-Type": "a/b"}),
            await client.options("/hello", headers=preflight),
            await client.options("/hello", headers=preflight | {"Origin": "http://b.example"}),
            await client.get("/hello", headers=key),
            await client.get("/hello", headers=key),
        ]
    assert [response.status_code for response in responses] == [401, 413, 415, 200, 400, 200, 429]
    assert [missing_headers(response) for response in responses] == [{}] * len(responses)
    assert all(len(response.headers["X-Request-ID"]) == 32 for response in responses)


async def test_the_handshake_of_a_websocket_has_them_too() -> None:
    async with serve(sample_app(Settings())) as url:
        address = websocket_url(url, "/echo")
        headers = {"X-Request-ID": "mine"}
        async with connect(address, proxy=None, additional_headers=headers) as socket:
            assert socket.response is not None
            got = socket.response.headers
    assert got["X-Request-ID"] == "mine"
    assert {name: got.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_a_page_loosens_its_content_security_policy_and_nothing_else() -> None:
    async with client_of(sample_app(Settings())) as client:
        response = await client.get("/page")
    assert response.headers.get_list("Content-Security-Policy") == ["default-src 'self'"]
    assert missing_headers(response) == {
        "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"]
    }


async def request_id(client: AsyncClient, given: bytes) -> str:
    response = await client.get("/hello", headers=[(b"X-Request-ID", given)])
    ids = response.headers.get_list("X-Request-ID")
    assert len(ids) == 1
    return ids[0]


async def test_a_fit_request_id_is_echoed() -> None:
    async with client_of(sample_app(Settings())) as client:
        for given in (b"x", b"order 66 / {~}", b"a" * 128):
            assert await request_id(client, given) == given.decode()


async def test_an_unfit_request_id_is_replaced() -> None:
    async with client_of(sample_app(Settings())) as client:
        for given in (b"", b"a" * 129, "caf\u00e9".encode(), b"caf\xe9", b"a\tb"):
            generated = await request_id(client, given)
            assert len(generated) == 32
            assert set(generated) <= set("0123456789abcdef")


async def test_generated_request_ids_differ() -> None:
    async with client_of(sample_app(Settings())) as client:
        first, second = await client.get("/hello"), await client.get("/hello")
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
