"""Cancelling an optimization under way, going on with it, and asking too early."""

import msgspec
from anyio import fail_after

from tests.service.api.optimizations.sweeping import LEARNING, SWEEP, begin, frames, stream
from tests.service.api.running import HANG_SECONDS, Document, Service

SLOW: Document = SWEEP | {
    "search_space": {
        "parameters": [
            {"name": "short_period", "kind": "int_range", "low": 2, "high": 90, "step": 1},
            {"name": "long_period", "kind": "int_range", "low": 100, "high": 190, "step": 1},
        ]
    },
    "max_trials": 10_000,
    "base_backtest": SWEEP["base_backtest"]
    | {"symbols": ["MADE"], "resolution": "hour", "data_source": "synthetic"},
}


async def some_ended(service: Service, its_id: str) -> None:
    """Wait until the first trial has ended."""
    with fail_after(HANG_SECONDS):
        async with stream(service, its_id, "?types=trial") as socket:
            async for text in socket:
                if msgspec.json.decode(text)["payload"]["phase"] == "completed":
                    return


async def test_cancelling_keeps_what_has_ended_and_frees_the_engines(service: Service) -> None:
    its_id = await begin(service, SLOW)
    await some_ended(service, its_id)
    early = await service.http.get(f"/optimizations/{its_id}/results")
    assert (early.status_code, early.json()["detail"]) == (409, "Results not ready")
    under_way = (await service.http.get(f"/optimizations/{its_id}")).json()
    assert under_way["state"] == "running"
    assert under_way["trials_running"] > 0
    assert under_way["seconds_left"] > 0
    table = await service.http.get(
        f"/optimizations/{its_id}/results", headers={"Accept": "text/csv"}
    )
    assert table.status_code == 409

    cancelled = (await service.http.post(f"/optimizations/{its_id}/cancel")).json()
    assert cancelled["state"] == "cancelled"
    ended = cancelled["trials_completed"]
    assert 0 < ended < cancelled["trials"]
    again = await service.http.post(f"/optimizations/{its_id}/cancel")
    assert again.status_code == 409
    assert "is cancelled; only a pending or running one" in again.json()["detail"]

    # Both engines are free: each takes a run.
    short = {"symbols": ["AAPL"], "start_date": "2010-01-01", "end_date": "2011-01-01"}
    for _ in range(2):
        await service.completed(short)
    document = (await service.http.get(f"/optimizations/{its_id}/results")).json()
    assert document["trials"] == ended
    assert (await frames(service, its_id))[-1]["payload"]["state"] == "cancelled"


async def test_a_cancelled_one_goes_on_and_its_stream_with_it(service: Service) -> None:
    request = LEARNING | {"max_trials": 40}
    its_id = await begin(service, request)
    await some_ended(service, its_id)
    await service.http.post(f"/optimizations/{its_id}/cancel")
    stopped = await frames(service, its_id)
    resumed = await service.http.post(f"/optimizations/{its_id}/resume")
    assert (resumed.status_code, resumed.json()["state"]) == (200, "pending")
    rest = await frames(service, its_id, f"?last_event_id={len(stopped)}")
    states = [frame["payload"]["state"] for frame in rest if frame["type"] == "state"]
    assert states == ["pending", "running", "completed"]
    assert await frames(service, its_id) == stopped + rest
    status = (await service.http.get(f"/optimizations/{its_id}")).json()
    assert status["trials_completed"] == 40
    refused = await service.http.post(f"/optimizations/{its_id}/resume")
    assert refused.status_code == 409
