"""Requests that are wrong as such: their JSON, their path, their method, their key, their size."""

from collections.abc import AsyncIterator
from uuid import uuid4

import msgspec
import pytest
from httpx2 import Response

from tests.service.api.running import SHORT, Document, Service, close_of, running_service
from tests.serving import exchange

KEY = "right-key"
BODY_BYTES_MAX = 10_000
BODY = msgspec.json.encode(SHORT)
JSON = {"Content-Type": "application/json"}
NESTED = b',"strategy":{"params":{"x":' + b"[" * 5_000
MALFORMED = "malformed JSON: "


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service with a key, which its client has, and a small body limit.

    After everything here it is healthy and its log is as empty as before.
    """
    options: Document = {"api_keys": ("other-key", KEY), "max_body_bytes": BODY_BYTES_MAX}
    async with running_service(tmp_path_factory.mktemp("data"), **options) as service:
        service.http.headers["X-API-Key"] = KEY
        yield service
        assert (await service.http.get("/healthz")).json()["status"] == "healthy"
        assert await service.core.store.head() == 0


async def post(service: Service, body: bytes, headers: dict[str, str] = JSON) -> Response:
    return await service.http.post("/backtests", content=body, headers=headers)


def with_capital(literal: bytes) -> bytes:
    return BODY[:-1] + b',"initial_capital":' + literal + b"}"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the request needs a JSON body"),
        (b"{", MALFORMED),
        (BODY + b"}", MALFORMED),
        (BODY.replace(b'"', b"'"), MALFORMED),
        (b"\xff\xfe", MALFORMED),
        pytest.param(BODY[:-1] + NESTED, MALFORMED + "nested deeper than 32 levels", id="nested"),
        (BODY.replace(b"AAPL", b"\\ud800"), MALFORMED),
        (b"null", "expected `object`, got `null`"),
        (b"[]", "expected `object`, got `array`"),
        (with_capital(b"NaN"), MALFORMED),
        (with_capital(b"Infinity"), MALFORMED),
        (with_capital(b"-Infinity"), MALFORMED),
        (with_capital(b"1e999"), "initial_capital: number out of range"),
    ],
)
async def test_what_is_no_json_object_is_a_400(service: Service, body: bytes, detail: str) -> None:
    response = await post(service, body)
    assert response.status_code == 400
    assert response.json()["detail"].startswith(detail)


async def test_another_content_type_is_a_415(service: Service) -> None:
    response = await post(service, BODY, {"Content-Type": "text/plain"})
    assert response.status_code == 415
    assert response.json()["detail"].endswith("send application/json")


async def test_an_unknown_query_parameter_is_a_400(service: Service) -> None:
    for method, path, known in [
        ("POST", "/backtests", "none"),
        ("GET", f"/backtests/{uuid4()}", "at_event"),
        ("GET", f"/backtests/{uuid4()}/results", "at_event"),
        ("POST", f"/backtests/{uuid4()}/cancel", "none"),
    ]:
        response = await service.http.request(method, f"{path}?verbose=1", json=SHORT)
        assert response.status_code == 400
        problem = f"unknown query parameter 'verbose'; known: {known}"
        assert response.json() == {"detail": problem}


async def test_a_body_over_the_limit_is_a_413_with_and_without_its_length(
    service: Service,
) -> None:
    big = with_capital(b"1" + b" " * BODY_BYTES_MAX)
    announced = await post(service, big)
    head = f"POST /backtests HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nConnection: close\r\n"
    chunk = b"%x\r\n%s\r\n" % (1000, b" " * 1000)
    chunked = await exchange(
        service.url, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(), *[chunk] * 20
    )
    assert announced.status_code == 413
    assert str(BODY_BYTES_MAX) in announced.json()["detail"]
    assert chunked.startswith(b"HTTP/1.1 413 ")
    assert announced.content in chunked


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/nowhere", 404, "there is nothing at /nowhere"),
        ("GET", "/backtests/a/b/c", 404, "there is nothing at /backtests/a/b/c"),
        ("DELETE", "/backtests", 405, "DELETE is not allowed here; allowed: GET, HEAD, POST"),
        ("PUT", "/backtests/1", 405, "PUT is not allowed here; allowed: GET, HEAD"),
        ("POST", "/backtests/1/results", 405, "POST is not allowed here; allowed: GET, HEAD"),
        ("GET", "/backtests/1/cancel", 405, "GET is not allowed here; allowed: POST"),
        ("POST", "/healthz", 405, "POST is not allowed here; allowed: GET, HEAD"),
    ],
)
async def test_a_wrong_path_is_a_404_and_a_wrong_method_a_405(
    service: Service, method: str, path: str, status: int, detail: str
) -> None:
    response = await service.http.request(method, path)
    assert (response.status_code, response.json()) == (status, {"detail": detail})
    assert response.headers.get("Allow", detail).removeprefix("GET") in detail


@pytest.mark.parametrize("run_id", [str(uuid4()), "42", "%00", "%F0%9F", "x" * 500])
@pytest.mark.parametrize("path", ["", "/results"])
async def test_an_unknown_or_malformed_run_id_is_a_404(
    service: Service, run_id: str, path: str
) -> None:
    response = await service.http.get(f"/backtests/{run_id}{path}")
    assert response.status_code == 404
    assert response.json()["detail"].startswith("there is no backtest ")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": ""},
        {"X-API-Key": "wrong"},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": "", "Authorization": "Bearer wrong"},
        {"X-API-Key": "", "Authorization": f"Basic {KEY}"},
    ],
)
async def test_a_missing_or_wrong_key_is_a_401(service: Service, headers: dict[str, str]) -> None:
    for method, path in [("POST", "/backtests"), ("GET", "/backtests"), ("GET", "/nowhere")]:
        response = await service.http.request(method, path, json=SHORT, headers=headers)
        assert response.status_code == 401
        assert response.json()["detail"].startswith("a valid API key is required")
        assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_a_key_in_the_query_opens_no_http_request(service: Service) -> None:
    response = await service.http.get(f"/backtests?api_key={KEY}", headers={"X-API-Key": ""})
    assert response.status_code == 401


async def test_each_way_of_giving_the_key_opens_http(service: Service) -> None:
    bearer = {"X-API-Key": "", "Authorization": f"Bearer {KEY}"}
    assert (await service.http.get("/backtests", headers=bearer)).status_code == 200
    assert (await service.http.get("/backtests")).status_code == 200
    assert (await service.http.get("/healthz", headers={"X-API-Key": ""})).status_code == 200


@pytest.mark.parametrize("query", ["", "?api_key=wrong", "?api_key="])
async def test_a_stream_without_the_right_key_closes_with_1008(
    service: Service, query: str
) -> None:
    async with service.stream(str(uuid4()), query) as socket:
        code, reason = await close_of(socket)
    assert code == 1008
    assert str(reason).startswith("a valid API key is required")
