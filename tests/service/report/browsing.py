"""Pages in a real browser, for those machines that have one."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NEEDS_A_BROWSER = [
    pytest.mark.skipif(find_spec("playwright") is None, reason="needs the package playwright"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs a chromium on the PATH"),
]


@asynccontextmanager
async def chromium() -> AsyncIterator["Browser"]:
    """A browser of one's own, without a window."""
    from playwright.async_api import async_playwright

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


class Visit:
    """A page that was opened, and everything that it asked for or complained of."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, url: str, last_chart: str) -> None:
        await self.page.goto(url)
        await self.page.wait_for_selector(f'[data-chart="{last_chart}"] .main-svg')

    async def drawn(self) -> list[str]:
        """The names of the charts that hold at least one line, bar or point."""
        names: list[str] = await self.page.evaluate(
            "[...document.querySelectorAll('[data-chart]')]"
            ".filter((chart) => chart.querySelector('path.js-line, .point path, path.point'))"
            ".map((chart) => chart.dataset.chart)"
        )
        return names
