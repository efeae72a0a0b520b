"""A sweep's report over HTTP: of a real sweep, of one that was cancelled, and of none."""

from typing import Any

import anyio
import pytest

from tests.service.api.running import REAL, Document, Service
from tests.service.report.reading import Reader

ENDED_SECONDS = 100  # the engines may have to compile first
NOBODY = "00000000-0000-0000-0000-000000000000"
PARAMETERS = [
    {"name": "short_period", "kind": "int_range", "low": 5, "high": 25, "step": 5},
    {"name": "long_period", "kind": "int_range", "low": 40, "high": 100, "step": 20},
]
# Minutes of synthetic bars: there is time to cancel it.
ENDLESS: Document = {
    "start_date": "2000-01-01T00:00:00Z",
    "end_date": "2004-01-01T00:00:00Z",
    "resolution": "minute",
    "data_source": "synthetic",
    "symbols": ["ONE"],
    "strategy": {"name": "ma_crossover"},
}


def sweep(**changed: Any) -> Document:
    return {
        "name": "A <test> sweep",
        "search_space": {"parameters": PARAMETERS},
        "base_backtest": REAL,
        **changed,
    }


async def create(service: Service, request: Document) -> str:
    response = await service.http.post("/optimizations", json=request)
    assert response.status_code == 201, response.text
    optimization_id: str = response.json()["optimization_id"]
    return optimization_id


async def ended(service: Service, optimization_id: str) -> str:
    """Wait for the end; give the state."""
    with anyio.fail_after(ENDED_SECONDS):
        while True:
            state: str = (await service.http.get(f"/optimizations/{optimization_id}")).json()[
                "state"
            ]
            if state not in ("pending", "running"):
                return state
            await anyio.sleep(0.02)


async def test_a_completed_sweep_has_a_page_under_a_policy_of_its_own(service: Service) -> None:
    sweep_id = await create(service, sweep(validation_mode="walk_forward"))
    assert await ended(service, sweep_id) == "completed"
    response = await service.http.get(f"/optimizations/{sweep_id}/report")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "<h1>A &lt;test&gt; sweep</h1>" in response.text
    again = await service.http.get(f"/optimizations/{sweep_id}/report")
    assert again.content == response.content


async def test_the_page_shows_what_the_results_say(service: Service) -> None:
    sweep_id = await create(service, sweep(validation_mode="walk_forward"))
    await ended(service, sweep_id)
    results = (await service.http.get(f"/optimizations/{sweep_id}/results")).json()
    reader = Reader((await service.http.get(f"/optimizations/{sweep_id}/report")).content)
    best, diagnostics = results["best_trial"], results["diagnostics"]
    assert f"The best trial, number {best['number']}" in reader.text
    values = {trial["number"]: trial["value"] for trial in results["all_trials"]}
    drawn = reader.charts["objective"]["data"][0]
    assert dict(zip(drawn["x"], drawn["y"], strict=True)) == pytest.approx(values)
    equity = [point["value"] for point in results["walk_forward"]["equity_curve"]]
    windows = reader.charts["walk-forward"]["data"]
    assert len(windows) == len(results["walk_forward"]["windows"]) == 5
    assert [trace["y"][-1] for trace in windows][-1] == pytest.approx(equity[-1])
    assert diagnostics["sharpe"]["trial"] == best["number"]
    assert diagnostics["trials"] == 20
    for part in ("overfitting", "stability", "generalisation"):
        assert diagnostics[part]["trials"] == 20


async def test_before_the_end_there_is_no_page_and_a_cancelled_sweep_has_what_is_known(
    service: Service,
) -> None:
    sweep_id = await create(service, sweep(base_backtest=ENDLESS))
    response = await service.http.get(f"/optimizations/{sweep_id}/report")
    assert (response.status_code, response.json()) == (409, {"detail": "Results not ready"})
    await service.http.post(f"/optimizations/{sweep_id}/cancel")
    response = await service.http.get(f"/optimizations/{sweep_id}/report")
    assert response.status_code == 409
    assert response.json()["detail"].startswith("not one trial has ended")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/optimizations/{NOBODY}/report", 404),
        ("/optimizations/{sweep_id}/report?at_event=1", 400),
    ],
)
async def test_what_there_is_no_page_of_is_refused(
    service: Service, path: str, status: int
) -> None:
    sweep_id = await create(service, sweep())
    response = await service.http.get(path.format(sweep_id=sweep_id))
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
