"""Which pages of other origins may call."""

import pytest
from httpx2 import Response

from service.settings import Settings
from tests.service.http.sample_app import sample_app
from tests.serving import client_of

ORIGIN = "http://a.example"
SETTINGS = Settings(cors_origins=(ORIGIN, "http://b.example:3000"), api_keys=("key",), rate_limit=2)
REQUEST_HEADERS = (
    "Authorization, X-API-Key, X-Request-ID, Content-Type, Idempotency-Key, If-Match, "
    "If-None-Match, Last-Event-ID, Prefer, X-Min-Log-Position"
)


def listed(response: Response, name: str) -> set[str]:
    return set(response.headers[name].split(", "))


def asking(method: str, headers: str = REQUEST_HEADERS, origin: str = ORIGIN) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }


async def test_it_is_off_unless_origins_are_listed() -> None:
    async with client_of(sample_app(Settings())) as client:
        simple = await client.get("/hello", headers={"Origin": ORIGIN})
        preflight = await client.options("/hello", headers=asking("GET"))
    assert preflight.status_code == 405
    for response in (simple, preflight):
        assert not [name for name in response.headers if name.startswith("access-control")]


async def test_a_preflight_needs_no_key_and_is_not_counted() -> None:
    async with client_of(sample_app(SETTINGS)) as client:
        for _ in range(5):
            response = await client.options("/order", headers=asking("POST"))
            assert response.status_code == 200
            assert "X-RateLimit-Limit" not in response.headers
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert listed(response, "Access-Control-Allow-Methods") == {"GET", "POST"}
    assert set(REQUEST_HEADERS.split(", ")) <= listed(response, "Access-Control-Allow-Headers")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/hello", asking("GET", origin="http://evil.example")),
        ("/hello", asking("GET", origin="null")),
        ("/hello", asking("PATCH")),
        ("/hello", asking("DELETE")),
        ("/hello", asking("GET", headers="X-Other")),
    ],
)
async def test_what_is_not_allowed_is_refused(path: str, headers: dict[str, str]) -> None:
    async with client_of(sample_app(SETTINGS)) as client:
        assert (await client.options(path, headers=headers)).status_code == 400


async def test_delete_is_for_the_runner_only() -> None:
    async with client_of(sample_app(SETTINGS)) as client:
        response = await client.options("/api/v1/runs", headers=asking("DELETE"))
    assert response.status_code == 200
    assert listed(response, "Access-Control-Allow-Methods") == {"GET", "POST", "DELETE"}


async def test_a_page_may_read_answers_and_errors_alike() -> None:
    headers = {"Origin": "http://b.example:3000", "X-API-Key": "key"}
    async with client_of(sample_app(SETTINGS)) as client:
        responses = [
            await client.get("/hello", headers=headers),
            await client.get("/broken", headers=headers),
            await client.get("/hello", headers=headers),
            await client.get("/hello", headers=headers | {"X-API-Key": "wrong"}),
        ]
    assert [response.status_code for response in responses] == [200, 500, 429, 401]
    for response in responses:
        assert response.headers["Access-Control-Allow-Origin"] == "http://b.example:3000"
        assert response.headers["Vary"] == "Origin"
        assert listed(response, "Access-Control-Expose-Headers") == {
            "X-Request-ID",
            "X-Log-Id",
            "X-Log-Head",
            "X-Log-Position",
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
            "X-Total-Count",
            "ETag",
            "Idempotency-Replayed",
            "Link",
            "Location",
            "Preference-Applied",
            "Retry-After",
            "Vary",
            "Content-Encoding",
            "Content-Disposition",
            "Allow",
            "WWW-Authenticate",
        }


async def test_another_origin_is_told_nothing() -> None:
    headers = {"Origin": "http://evil.example", "X-API-Key": "key"}
    async with client_of(sample_app(SETTINGS)) as client:
        response = await client.get("/hello", headers=headers)
    assert "Access-Control-Allow-Origin" not in response.headers
