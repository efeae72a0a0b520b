"""The tear sheet in a real browser: drawn, self-contained, and readable at two widths."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.service.api.running import REAL, Service
from tests.service.report.browsing import NEEDS_A_BROWSER, Visit, chromium

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = NEEDS_A_BROWSER

HOSTILE = "</script><script>document.title = 'hacked'</script><img src=x onerror=alert(1)>"
REQUEST = REAL | {"benchmark_symbol": "GOOG", "name": HOSTILE}
CHARTS = ["equity", "rolling", "exposure", "contribution", "trades-0", "excursions"]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator["Browser"]:
    async with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
async def url(service: Service) -> str:
    return f"{service.url}/backtests/{await service.completed(REQUEST)}/report"


@pytest.mark.parametrize("width", [1280, 400])
async def test_everything_is_drawn_under_the_policy_and_nothing_is_fetched(
    browser: "Browser", url: str, width: int
) -> None:
    visit = Visit(await browser.new_page(viewport={"width": width, "height": 900}))
    await visit.open(url, CHARTS[-1])
    assert await visit.drawn() == CHARTS
    assert visit.requests == [url]
    assert visit.complaints == []
    assert await visit.page.evaluate("document.documentElement.scrollWidth") == width


async def test_under_the_mouse_a_day_is_told_as_a_day(browser: "Browser", url: str) -> None:
    visit = Visit(await browser.new_page(viewport={"width": 1280, "height": 900}))
    await visit.open(url, CHARTS[-1])
    await visit.page.locator('[data-chart="equity"] .nsewdrag').first.hover()
    told = visit.page.locator('[data-chart="equity"] .hoverlayer .legendtitletext')
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", await told.text_content() or "")


async def test_what_users_write_is_shown_and_never_run(browser: "Browser", url: str) -> None:
    visit = Visit(await browser.new_page())
    await visit.open(url, CHARTS[-1])
    assert await visit.page.inner_text("h1") == HOSTILE
    assert await visit.page.title() == f"{HOSTILE} · Backtape"


async def test_the_file_opens_without_a_server_and_shows_each_symbols_trades(
    browser: "Browser", service: Service, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_bytes((await service.http.get(url)).content)
    visit = Visit(await browser.new_page())
    await visit.open(file.as_uri(), CHARTS[-1])
    assert await visit.drawn() == CHARTS
    first_close = "document.querySelector('[data-chart=\"trades-0\"]').data[0].y[0]"
    shown = set()
    for symbol in await visit.page.locator("#traded option").all_inner_texts():
        await visit.page.select_option("#traded", label=symbol)
        shown.add(await visit.page.evaluate(first_close))
    assert len(shown) == 3
    assert visit.requests == [file.as_uri()]
    assert visit.complaints == []


async def test_a_printed_page_is_as_wide_as_its_paper(
    browser: "Browser", url: str, tmp_path: Path
) -> None:
    visit = Visit(await browser.new_page(viewport={"width": 1280, "height": 900}))
    await visit.open(url, CHARTS[-1])
    widths = "[...document.querySelectorAll('.main-svg')].map((chart) => chart.width.baseVal.value)"
    on_screen = max(await visit.page.evaluate(widths))
    await visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert max(await visit.page.evaluate(widths)) == 690
    await visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert max(await visit.page.evaluate(widths)) == on_screen
    printed = await visit.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed.startswith(b"%PDF")
