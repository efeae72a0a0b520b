"""``GET /metrics``: what happened is in the numbers, and whoever comes cannot blow them up."""

from contextlib import aclosing
from uuid import uuid4

import pytest

from service.api.stream import STREAMS
from service.app import OPERATIONS
from service.metrics.traffic import NO_METHOD, NO_ROUTE
from service.projections import stream_of
from tests.service.api.running import REAL, SHORT, Service, running_service
from tests.service.metrics.reading import scrape

ROUTES = {operation.path for operation in OPERATIONS} | {NO_ROUTE}


async def test_a_run_is_in_the_numbers_of_log_and_engines(service: Service) -> None:
    before = await scrape(service)
    await service.completed(REAL)
    numbers = await scrape(service)

    completed = numbers.of("backtape_runs", state="completed")
    assert completed >= 1
    assert numbers.of("backtape_events_total") == numbers.of("backtape_log_position")
    appends = numbers.of("backtape_append_seconds_count")
    assert appends > before.of("backtape_append_seconds_count")
    assert 0 < numbers.of("backtape_commit_seconds_count") <= appends
    assert numbers.of("backtape_append_queue_events") == 0
    assert numbers.of("backtape_wal_bytes") > 0
    assert numbers.of("backtape_engine_capacity") == numbers.of("backtape_engines_alive") == 2
    assert numbers.of("backtape_engine_restarts_total") == 0
    assert numbers.of("backtape_process_open_fds") > 0
    assert numbers.of("backtape_appends_refused_total", reason="write_failed") == 0
    assert numbers.of("backtape_info", version="0.1.0", log_id=service.core.store.log_id) == 1


async def test_requests_are_counted_by_route_and_never_by_path(service: Service) -> None:
    run_id = await service.completed(SHORT)
    for path in (f"/backtests/{run_id}", f"/backtests/{uuid4()}", f"/{uuid4()}", "/metricsx"):
        await service.http.get(path)
    await service.http.delete(f"/backtests/{run_id}")
    numbers = await scrape(service)

    route = "/backtests/{run_id}"
    count = "backtape_http_requests_total"
    assert numbers.of(count, method="GET", route=route, status="200") >= 1
    assert numbers.of(count, method="GET", route=route, status="404") == 1
    assert numbers.of(count, method=NO_METHOD, route=NO_ROUTE, status="404") == 2
    assert numbers.of(count, method=NO_METHOD, route=NO_ROUTE, status="405") == 1
    assert numbers.of("backtape_http_request_seconds_count", route=NO_ROUTE) == 3
    routed = {sample.labels["route"] for sample in numbers.samples() if "route" in sample.labels}
    assert routed <= ROUTES | {stream.path for stream in STREAMS}
    assert numbers.of("backtape_http_requests_in_flight") == 0


async def test_who_follows_and_how_far_behind_is_in_the_numbers(service: Service) -> None:
    run_id = await service.completed(REAL)
    stream = stream_of(run_id)
    head = await service.core.store.head(stream)
    async with aclosing(service.core.feed.follow(stream, 2)) as pages:
        await anext(pages)  # and this one is not done with it
        numbers = await scrape(service)
        assert numbers.of("backtape_followers", of="run") == 1
        assert numbers.of("backtape_followers", of="log") == 0
        assert numbers.of("backtape_followers_behind") == 1
        assert numbers.of("backtape_follower_lag_events_max") == head - 2
    numbers = await scrape(service)
    assert numbers.of("backtape_followers", of="run") == 0
    assert numbers.of("backtape_follower_lag_events_max") == 0


async def test_open_websockets_are_counted_by_route(service: Service) -> None:
    run_id = await service.create(REAL)
    route = "/backtests/{run_id}/stream"
    async with service.stream(run_id) as socket:
        await socket.recv()
        assert (await scrape(service)).of("backtape_websockets", route=route) == 1
        async for _ in socket:
            pass
    assert (await scrape(service)).of("backtape_websockets", route=route) == 0


async def test_they_take_a_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("guarded")
    async with running_service(folder, api_keys=("secret",), engine_processes=1) as service:
        assert (await service.http.get("/metrics")).status_code == 401
        response = await service.http.get("/metrics", headers={"X-API-Key": "secret"})
        assert response.status_code == 200
        assert "secret" not in response.text
