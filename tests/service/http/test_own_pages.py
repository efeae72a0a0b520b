"""A page of another site changes nothing, key or no key."""

import pytest

from service.settings import Settings
from tests.service.http.sample_app import sample_app
from tests.serving import client_of

LISTED = "http://listed.example"
OTHER = "http://evil.example"
BODY = {"symbols": ["AAPL"]}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": OTHER}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": OTHER, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": LISTED, "Sec-Fetch-Site": "cross-site"}, 201),
        ({"Origin": "https://proxied.example", "Sec-Fetch-Site": "same-origin"}, 201),
    ],
)
async def test_an_open_service_is_changed_by_its_own_and_listed_pages_and_by_programs(
    headers: dict[str, str], status: int
) -> None:
    app = sample_app(Settings(cors_origins=(LISTED,)))
    async with client_of(app) as client:
        response = await client.post("/order", json=BODY, headers=headers)
        own = {"Origin": str(client.base_url).rstrip("/")}
        assert (await client.post("/order", json=BODY, headers=own)).status_code == 201
        assert (await client.get("/hello", headers=headers)).status_code == 200
    assert response.status_code == status
    if status == 403:
        assert "BACKTAPE_CORS_ORIGINS" in response.json()["detail"]


async def test_where_every_origin_is_listed_every_page_may() -> None:
    async with client_of(sample_app(Settings(cors_origins=("*",)))) as client:
        response = await client.post("/order", json=BODY, headers={"Origin": OTHER})
    assert response.status_code == 201
