"""What is refused, and how it is said."""

from typing import Any

import pytest

from tests.service.api.optimizations.sweeping import SWEEP, stream
from tests.service.api.running import Service, close_of

UNKNOWN = "00000000-0000-0000-0000-000000000000"
CONFLICTING = {"Accept": "text/csv"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"max_trials": 0}, "max_trials"),
        ({"strategy": "guess"}, "strategy"),
        ({"objective_metric": "luck"}, "objective_metric"),
        ({"colour": 1}, "colour"),
        ({"base_backtest": SWEEP["base_backtest"] | {"symbols": []}}, "base_backtest.symbols"),
        (
            {"base_backtest": SWEEP["base_backtest"] | {"strategy": {"name": "nothing"}}},
            "base_backtest.strategy.name",
        ),
        (
            {"base_backtest": SWEEP["base_backtest"] | {"end_date": "2001-01-01"}},
            "base_backtest.start_date",
        ),
        ({"max_trials": 3}, "max_trials"),
    ],
)
async def test_a_wrong_request_names_the_field(
    service: Service, change: dict[str, Any], field: str
) -> None:
    response = await service.http.post("/optimizations", json=SWEEP | change)
    assert response.status_code == 400
    assert field in response.json()["detail"]
    assert (await service.http.get("/optimizations")).json() == []


@pytest.mark.parametrize("its_id", [UNKNOWN, "nonsense"])
@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("GET", "/results"),
        ("GET", "/events"),
        ("GET", "/export"),
        ("GET", "/events/1/proof"),
        ("POST", "/cancel"),
        ("POST", "/resume"),
    ],
)
async def test_one_that_is_not_there(service: Service, method: str, rest: str, its_id: str) -> None:
    response = await service.http.request(method, f"/optimizations/{its_id}{rest}")
    assert response.status_code == 404
    assert response.json() == {"detail": f"there is no optimization {its_id!r}"}


async def test_a_stream_of_one_that_is_not_there(service: Service) -> None:
    async with stream(service, UNKNOWN) as socket:
        assert await close_of(socket) == (1008, f"there is no optimization {UNKNOWN!r}")


async def test_methods_that_are_not_there(service: Service) -> None:
    response = await service.http.put("/optimizations", json={})
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")


async def test_a_run_has_no_trials_to_ask_for(service: Service) -> None:
    response = await service.http.get(f"/backtests/{UNKNOWN}/events?types=trial")
    assert response.status_code == 400
    assert "'trial' is not a type of event" in response.json()["detail"]
