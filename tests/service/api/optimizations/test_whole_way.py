"""From POST /optimizations to its results, over the network."""

import io
from typing import Any

import msgspec
import polars as pl
import pytest

from tests.service.api.optimizations.sweeping import SWEEP, TRIALS, completed, frames
from tests.service.api.running import Service

MOMENT = "2005-01-03T00:00:00+00:00"


@pytest.fixture(scope="module")
async def sweep(service: Service) -> str:
    """One completed optimization for all tests that only look at it."""
    return await completed(service, SWEEP)


async def results(service: Service, sweep: str, query: str = "") -> Any:
    response = await service.http.get(f"/optimizations/{sweep}/results{query}")
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_status_counts_trials_and_names_the_best(service: Service, sweep: str) -> None:
    status = (await service.http.get(f"/optimizations/{sweep}")).json()
    best = (await results(service, sweep))["best_trial"]
    assert status == {
        "optimization_id": sweep,
        "name": "periods",
        "state": "completed",
        "strategy": "grid",
        "objective_metric": "sharpe_ratio",
        "direction": "maximize",
        "max_trials": 20,
        "trials": TRIALS,
        "trials_completed": TRIALS,
        "trials_failed": 0,
        "trials_running": 0,
        "best_trial": {name: best[name] for name in ("number", "params", "value")},
        "created_at": status["created_at"],
        "started_at": status["started_at"],
        "finished_at": status["finished_at"],
        "seconds_left": None,
        "error": None,
        "log_id": service.core.store.log_id,
        "created_by": None,
    }
    assert status["created_at"] <= status["started_at"] <= status["finished_at"]


async def test_the_stream_is_the_log_from_any_cursor_on(service: Service, sweep: str) -> None:
    whole = await frames(service, sweep)
    assert [frame["event_id"] for frame in whole] == list(range(1, len(whole) + 1))
    assert {frame["run_id"] for frame in whole} == {sweep}
    assert {frame["type"] for frame in whole} == {"state", "progress", "metric", "trial"}
    states = [frame["payload"]["state"] for frame in whole if frame["type"] == "state"]
    assert states == ["pending", "running", "completed"]
    phases = [frame["payload"]["phase"] for frame in whole if frame["type"] == "trial"]
    assert phases == ["asked"] * TRIALS + ["completed"] * TRIALS
    assert await frames(service, sweep, "?last_event_id=7") == whole[7:]
    assert await frames(service, sweep, f"?last_event_id={len(whole)}") == []
    trials = await frames(service, sweep, "?types=trial")
    assert trials == [frame for frame in whole if frame["type"] == "trial"]


async def test_the_same_events_come_over_plain_http(service: Service, sweep: str) -> None:
    whole = await frames(service, sweep)
    path = f"/optimizations/{sweep}/events"
    page = (await service.http.get(f"{path}?after=3&limit=5")).json()
    assert (page["events"], page["next"], page["head"]) == (whole[3:8], 8, len(whole))
    lines = await service.http.get(path, headers={"Accept": "application/x-ndjson"})
    assert [msgspec.json.decode(line) for line in lines.text.splitlines()] == whole
    events = await service.http.get(path, headers={"Accept": "text/event-stream"})
    assert events.text.count("event: trial\n") == 2 * TRIALS
    cursor = {"Accept": "text/event-stream", "Last-Event-ID": str(len(whole))}
    assert (await service.http.get(path, headers=cursor)).status_code == 204


async def test_the_feed_of_the_whole_log_shows_trials(service: Service, sweep: str) -> None:
    page = (await service.http.get("/events?types=trial&limit=500")).json()
    mine = [each for each in page["events"] if each["stream"] == f"optimization-{sweep}"]
    assert len(mine) == 2 * TRIALS


async def test_results_rank_every_trial(service: Service, sweep: str) -> None:
    document = await results(service, sweep)
    trials = document["all_trials"]
    assert document["best_trial"] == trials[0]
    assert [trial["rank"] for trial in trials] == list(range(1, TRIALS + 1))
    values = [trial["value"] for trial in trials]
    assert values == sorted(values, reverse=True)
    assert sorted(trial["number"] for trial in trials) == list(range(TRIALS))
    assert document["manifest"]["data"][0]["symbol"] == "AAPL"
    for trial in trials:
        assert trial["value"] == trial["train"]["sharpe_ratio"]
        assert trial["gap"] == pytest.approx(
            trial["train"]["sharpe_ratio"] - trial["validation"]["sharpe_ratio"]
        )


async def test_the_best_trial_replayed_has_exactly_its_metrics(
    service: Service, sweep: str
) -> None:
    document = await results(service, sweep)
    run_id = await service.completed(document["replay_backtest"])
    replayed = await service.results(run_id)
    assert replayed["metrics_summary"] == document["best_trial"]["full"]


async def test_the_ranking_comes_in_pages(service: Service, sweep: str) -> None:
    whole = await results(service, sweep)
    path = f"/optimizations/{sweep}/results?limit=6"
    found = []
    while path:
        response = await service.http.get(path)
        page = response.json()
        found += page["all_trials"]
        assert page | {"all_trials": []} == whole | {"all_trials": []}
        path = response.links.get("next", {}).get("url", "")
    assert found == whole["all_trials"]


@pytest.mark.parametrize("form", ["text/csv", "application/vnd.apache.parquet"])
async def test_the_ranking_as_one_table(service: Service, sweep: str, form: str) -> None:
    trials = (await results(service, sweep))["all_trials"]
    path = f"/optimizations/{sweep}/results"
    response = await service.http.get(path, headers={"Accept": form})
    assert response.headers["Content-Type"].partition(";")[0] == form
    read = pl.read_csv if form == "text/csv" else pl.read_parquet
    table = read(io.BytesIO(response.content))
    assert table.columns[:7] == [
        "rank", "number", "state", "value", "gap", "params.short_period", "params.long_period",
    ]  # fmt: skip
    for name, group, key in (
        ("params.long_period", "params", "long_period"),
        ("train.sharpe_ratio", "train", "sharpe_ratio"),
        ("full.total_trades", "full", "total_trades"),
    ):
        assert table[name].to_list() == [trial[group][key] for trial in trials]
    refused = await service.http.get(f"{path}?limit=5", headers={"Accept": form})
    assert refused.status_code == 400


async def test_what_was_known_by_an_event_does_not_change(service: Service, sweep: str) -> None:
    whole = await results(service, sweep)
    at = 2 + TRIALS + 4  # its request, its manifest, what was asked, and some of what ended
    document = await results(service, sweep, f"?at_event={at}")
    ended = [
        frame["payload"]["number"]
        for frame in (await frames(service, sweep))[:at]
        if frame["type"] == "trial" and frame["payload"]["phase"] == "completed"
    ]
    assert len(ended) in (2, 3, 4)
    among = [each for each in whole["all_trials"] if each["number"] in ended]
    assert [trial["number"] for trial in document["all_trials"]] == [
        trial["number"] for trial in among
    ]
    assert document["trials"] == len(ended)
    head = len(await frames(service, sweep))
    assert await results(service, sweep, f"?at_event={head}") == whole


async def test_the_list_has_it(service: Service, sweep: str) -> None:
    listed = (await service.http.get("/optimizations?state=completed&limit=200")).json()
    assert sweep in [each["optimization_id"] for each in listed]
    other = await completed(service, SWEEP | {"name": "another"})
    response = await service.http.get("/optimizations?limit=1")
    assert [each["optimization_id"] for each in response.json()] == [other]
    following = await service.http.get(response.links["next"]["url"])
    assert [each["optimization_id"] for each in following.json()] == [sweep]


async def test_an_export_of_it_is_proven(service: Service, sweep: str) -> None:
    from service.audit.verification import verify_export

    export = await service.http.get(f"/optimizations/{sweep}/export")
    verified = verify_export(io.BytesIO(export.content))
    assert (verified.stream, verified.ending) == (f"optimization-{sweep}", "completed")
    proof = await service.http.get(f"/optimizations/{sweep}/events/5/proof")
    assert verify_export(io.BytesIO(proof.content)).events == 1
