"""The tear sheet over HTTP, and as a file."""

from pathlib import Path

import msgspec
import pytest

from domain.market.resolution import Resolution
from tests.service.api.running import LONG, REAL, SHORT, Service, running_service

NOBODY = "00000000-0000-0000-0000-000000000000"


async def test_a_completed_run_has_a_page_under_a_policy_of_its_own(service: Service) -> None:
    run_id = await service.completed(REAL | {"benchmark_symbol": "GOOG", "name": "A <test> run"})
    response = await service.http.get(f"/backtests/{run_id}/report")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.endswith("; frame-ancestors 'none'")
    assert response.headers["Cache-Control"] == "no-store"
    assert "<h1>A &lt;test&gt; run</h1>" in response.text
    assert "no longer, those of the run" not in response.text
    again = await service.http.get(f"/backtests/{run_id}/report")
    assert again.content == response.content


async def test_made_up_prices_are_drawn_again_and_said_to_be_made_up(service: Service) -> None:
    made_up = {"data_source": "synthetic", "strategy": {"name": "rsi"}}
    run_id = await service.completed(REAL | made_up)
    page = (await service.http.get(f"/backtests/{run_id}/report")).text
    assert "AAPL: ALL PRICES ARE MADE UP" in page
    assert '"name":"close"' in page


async def test_before_a_run_is_completed_there_is_no_page(service: Service) -> None:
    run_id = await service.create(LONG)
    response = await service.http.get(f"/backtests/{run_id}/report")
    assert (response.status_code, response.json()) == (409, {"detail": "Results not ready"})
    await service.cancel(run_id)
    response = await service.http.get(f"/backtests/{run_id}/report")
    assert response.status_code == 409
    assert response.json() == {"detail": "the run was cancelled and has no results"}


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"/backtests/{NOBODY}/report", 404), ("/backtests/{run_id}/report?at_event=1", 400)],
)
async def test_what_there_is_no_page_of_is_refused(
    service: Service, path: str, status: int
) -> None:
    run_id = await service.completed(SHORT)
    response = await service.http.get(path.format(run_id=run_id))
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"


async def test_prices_that_have_changed_since_are_not_drawn(tmp_path: Path) -> None:
    async with running_service(tmp_path) as service:
        run_id = await service.completed(SHORT)
        before = (await service.http.get(f"/backtests/{run_id}/report")).text
        loaded = service.market.load("AAPL", Resolution.DAY, 0, 2**52, "UTC").bars
        service.market.write(
            msgspec.structs.replace(loaded, volume=loaded.volume + 1.0), Resolution.DAY
        )
        after = (await service.http.get(f"/backtests/{run_id}/report")).text
    assert '"name":"close"' in before
    assert '"name":"close"' not in after
    assert "The prices of AAPL are not, or no longer, those of the run" in after
