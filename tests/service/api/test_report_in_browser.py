"""The tear sheet in a real browser: drawn, self-contained, and readable at two widths."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.service.api.running import REAL, Service

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

playwright = pytest.importorskip("playwright.async_api", reason="needs the package playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a chromium on the PATH")

HOSTILE = "</script><script>document.title = 'hacked'</script><img src=x onerror=alert(1)>"
REQUEST = REAL | {"benchmark_symbol": "GOOG", "name": HOSTILE}
CHARTS = ["equity", "rolling", "exposure", "contribution", "trades-0", "excursions"]


class Visit:
    """A page that was opened, and everything that it asked for or complained of."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, url: str) -> None:
        await self.page.goto(url)
        await self.page.wait_for_selector('[data-chart="excursions"] .main-svg')

    async def drawn(self) -> list[str]:
        """The names of the charts that hold at least one line, bar or point."""
        names: list[str] = await self.page.evaluate(
            "[...document.querySelectorAll('[data-chart]')]"
            ".filter((chart) => chart.querySelector('path.js-line, .point path, path.point'))"
            ".map((chart) => chart.dataset.chart)"
        )
        return names


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator["Browser"]:
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def url(service: Service) -> str:
    return f"{service.url}/backtests/{await service.completed(REQUEST)}/report"


@pytest.mark.parametrize("width", [1280, 400])
async def test_everything_is_drawn_under_the_policy_and_nothing_is_fetched(
    browser: "Browser", url: str, width: int
) -> None:
    visit = Visit(await browser.new_page(viewport={"width": width, "height": 900}))
    await visit.open(url)
    assert await visit.drawn() == CHARTS
    assert visit.requests == [url]
    assert visit.complaints == []
    assert await visit.page.evaluate("document.documentElement.scrollWidth") == width


async def test_under_the_mouse_a_day_is_told_as_a_day(browser: "Browser", url: str) -> None:
    visit = Visit(await browser.new_page(viewport={"width": 1280, "height": 900}))
    await visit.open(url)
    await visit.page.locator('[data-chart="equity"] .nsewdrag').first.hover()
    told = visit.page.locator('[data-chart="equity"] .hoverlayer .legendtitletext')
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", await told.text_content() or "")


async def test_what_users_write_is_shown_and_never_run(browser: "Browser", url: str) -> None:
    visit = Visit(await browser.new_page())
    await visit.open(url)
    assert await visit.page.inner_text("h1") == HOSTILE
    assert await visit.page.title() == f"{HOSTILE} · Backtape"


async def test_the_file_opens_without_a_server_and_shows_each_symbols_trades(
    browser: "Browser", service: Service, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_bytes((await service.http.get(url)).content)
    visit = Visit(await browser.new_page())
    await visit.open(file.as_uri())
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
    await visit.open(url)
    widths = "[...document.querySelectorAll('.main-svg')].map((chart) => chart.width.baseVal.value)"
    on_screen = max(await visit.page.evaluate(widths))
    await visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert max(await visit.page.evaluate(widths)) == 690
    await visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert max(await visit.page.evaluate(widths)) == on_screen
    printed = await visit.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed.startswith(b"%PDF")
