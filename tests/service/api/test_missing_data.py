"""The gateway seed's own create request asks for prices that the sample does not hold."""

from pathlib import Path

from tests.service.api.running import Document, Service, running_service

GATEWAY_REQUEST: Document = {
    "symbols": ["AAPL"],
    "start_date": "2024-01-01T00:00:00Z",
    "end_date": "2024-12-31T23:59:59Z",
    "resolution": "day",
    "strategy": {"name": "buy_and_hold"},
    "execution": {"slippage_bps": 1.0, "commission_bps": 0.5},
}
MISSING = (
    "AAPL: no day bars from 2024-01-01 to 2024-12-31; "
    "the catalog holds AAPL day 2000-03-01 to 2013-03-01"
)


async def test_where_missing_data_fails_the_error_says_what_is_missing_and_what_there_is(
    service: Service,
) -> None:
    run_id = await service.create(GATEWAY_REQUEST)
    frames = await service.frames(run_id)
    status = await service.status(run_id)
    assert [frame["type"] for frame in frames] == ["state", "state"]
    assert frames[-1]["payload"] == {
        "state": "failed", "error": status["error"], "previous_state": "queued"
    }  # fmt: skip
    assert (status["state"], status["started_at"]) == ("failed", None)
    assert status["error"].startswith(MISSING)


async def test_an_unknown_symbol_fails_with_the_symbols_there_are(service: Service) -> None:
    run_id = await service.create(GATEWAY_REQUEST | {"symbols": ["NONE"]})
    await service.frames(run_id)
    error = (await service.status(run_id))["error"]
    assert error.endswith("the catalog holds no NONE; it has AAPL, GOOG, IBM, MSFT")


async def test_where_missing_data_is_made_up_the_run_completes_and_says_so_loudly(
    tmp_path: Path,
) -> None:
    async with running_service(tmp_path, missing_data="synthetic") as service:
        run_id = await service.create(GATEWAY_REQUEST)
        frames = await service.frames(run_id)
        results = await service.results(run_id)
    (log,) = [frame for frame in frames if frame["type"] == "log"]
    assert list(log["payload"]) == ["message", "level"]
    assert log["payload"]["level"] == "warning"
    assert log["payload"]["message"].startswith("AAPL: ALL PRICES ARE MADE UP (synthetic)")
    assert MISSING in log["payload"]["message"]
    assert frames[-1]["payload"]["state"] == "completed"
    assert results["logs"] == [{"timestamp": log["timestamp"], **log["payload"]}]
    assert results["manifest"]["warnings"] == [log["payload"]["message"]]
    assert results["manifest"]["data"][0]["source"] == "synthetic"
    assert results["metrics_summary"]["total_fills"] == 1


async def test_synthetic_prices_that_were_asked_for_are_said_loudly_too(service: Service) -> None:
    results = await service.results(
        await service.completed(GATEWAY_REQUEST | {"data_source": "sample"})
    )
    assert results["manifest"]["request"]["data_source"] == "synthetic"
    assert "MADE UP" in results["logs"][0]["message"]
