"""The interactive documentation in a real browser: found, authorised, used, with no internet."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.api.examples import BACKTEST
from tests.service.api.running import Service, running_service
from tests.service.report.browsing import NEEDS_A_BROWSER, Visit, chromium

pytestmark = NEEDS_A_BROWSER

KEY = "browser-key"
CREATE = "#operations-backtests-backtests_create"


@pytest.fixture(scope="module")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder: Path = tmp_path_factory.mktemp("browsed")
    async with running_service(folder, api_keys=(KEY,), engine_processes=1) as service:
        yield service


async def test_a_run_is_created_from_the_page_with_a_key(guarded: Service) -> None:
    async with chromium() as browser:
        visit = Visit(await browser.new_page())
        page = visit.page
        await page.goto(f"{guarded.url}/")
        await page.click("button.authorize")
        await page.fill(".auth-container input >> nth=0", KEY)
        await page.click(".auth-container button.authorize >> nth=0")
        await page.click(".btn-done")
        await page.click(f"{CREATE} .opblock-summary-control")
        await page.click(f"{CREATE} .execute")
        answer = page.locator(f"{CREATE} .live-responses-table")
        status = await answer.locator(".response-col_status").last.inner_text()
        run_id = re.search(r'"run_id": "([^"]+)"', await answer.inner_text())
        kept = await page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert status.strip() == "201"
    assert run_id is not None
    events = await guarded.core.store.read(f"backtest-{run_id[1]}", limit=1)
    assert BACKTEST["symbols"] == ["AAPL", "MSFT"]
    assert b'"symbols":["AAPL","MSFT"]' in events[0].payload
    assert KEY not in kept
    assert visit.complaints == []
    assert all(request.startswith((guarded.url, "data:")) for request in visit.requests)
    asked = [request.removeprefix(guarded.url) for request in visit.requests]
    assert {"/", "/docs", "/docs/swagger.js", "/openapi.json", "/backtests"} <= set(asked)
