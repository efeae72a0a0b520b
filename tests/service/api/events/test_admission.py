"""Events are behind the same door as everything else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.api.events.event_source import EventSource
from tests.service.api.events.quiet_service import (
    END,
    NDJSON,
    SSE,
    QuietService,
    mixed,
    quiet_service,
)

KEY = "a-key-for-tests"
LIMIT = 12


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[QuietService]:
    """A service that wants a key and lets few requests through, also for pages of an origin."""
    async with quiet_service(
        tmp_path, api_keys=(KEY,), rate_limit=LIMIT, cors_origins=("http://page.example",)
    ) as service:
        yield service


async def test_no_event_leaves_without_a_key(locked: QuietService) -> None:
    run_id = await locked.record([*mixed(3), END])
    for path in ("/events", f"/backtests/{run_id}/events"):
        for form in ({}, SSE, NDJSON):
            response = await locked.get(path, form)
            assert (response.status_code, response.headers.get("X-Log-Id")) == (401, None)


async def test_a_key_in_the_query_is_for_sockets_alone(locked: QuietService) -> None:
    response = await locked.get(f"/events?api_key={KEY}", SSE)
    assert response.status_code == 401


async def test_each_reconnection_of_an_event_source_counts(locked: QuietService) -> None:
    run_id = await locked.record([END])
    locked.http.headers["X-API-Key"] = KEY
    statuses = []
    for _ in range(LIMIT + 1):
        source = EventSource(locked.http, f"/backtests/{run_id}/events")
        async for _ in source.once():
            pass
        statuses += source.statuses
    assert statuses == [200] * LIMIT + [429]


async def test_a_page_of_another_origin_may_resume_and_read_the_log_id(
    locked: QuietService,
) -> None:
    preflight = await locked.http.options(
        "/events",
        headers={
            "Origin": "http://page.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "Last-Event-ID, X-API-Key",
        },
    )
    assert preflight.status_code == 200
    headers = {"Origin": "http://page.example", "X-API-Key": KEY}
    response = await locked.get("/events", headers)
    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-Log-Id", "X-Log-Head", "Link"} <= set(exposed)
    assert response.headers["Vary"] == "Accept, Origin"
