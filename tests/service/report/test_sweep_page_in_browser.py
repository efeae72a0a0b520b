"""A sweep's report in a real browser: drawn, self-contained, and readable at two widths."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from domain.optimizations.parameters import Parameter
from service.report.optimizations.page import page
from tests.service.report.browsing import NEEDS_A_BROWSER, Visit
from tests.service.report.sweeps import SPACE, asked, drawn_at_random, made_up

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = NEEDS_A_BROWSER

HOSTILE = "</script><script>document.title = 'hacked'</script><img src=x onerror=alert(1)>"
CHARTS = [
    "objective", "heat-0", "parallel", "slice-0", "slice-1", "slice-2", "validation",
    "walk-forward", "cross-validation", "logits",
]  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a walk-forward over three parameters."""
    side = Parameter(name="side", kind="choice", values=["long", "short", HOSTILE])
    request = asked(*SPACE, side, name=HOSTILE, validation_mode="walk_forward")
    written = tmp_path_factory.mktemp("report") / "report.html"
    written.write_bytes(page(made_up(request, drawn_at_random(request, 200), failing=[9])).html)
    return written


@pytest.mark.parametrize("width", [1280, 400])
async def test_everything_is_drawn_and_nothing_is_fetched(
    browser: "Browser", file: Path, width: int
) -> None:
    visit = Visit(await browser.new_page(viewport={"width": width, "height": 900}))
    await visit.open(file.as_uri(), CHARTS[-1])
    heat = await visit.page.evaluate(
        "document.querySelectorAll('[data-chart=\"heat-0\"] .hm image').length"
    )
    assert heat == 1
    assert await visit.drawn() == CHARTS
    assert visit.requests == [file.as_uri()]
    assert visit.complaints == []
    assert await visit.page.evaluate("document.documentElement.scrollWidth") == width


async def test_what_users_write_is_shown_and_never_run(browser: "Browser", file: Path) -> None:
    visit = Visit(await browser.new_page())
    await visit.open(file.as_uri(), CHARTS[-1])
    assert await visit.page.inner_text("h1") == HOSTILE
    assert await visit.page.title() == f"{HOSTILE} · Backtape"
    labels = await visit.page.evaluate(
        "[...document.querySelectorAll('[data-chart=\"slice-2\"] .xtick')].map((tick) =>"
        " tick.textContent)"
    )
    assert HOSTILE in labels


async def test_another_pair_of_parameters_can_be_chosen(browser: "Browser", file: Path) -> None:
    visit = Visit(await browser.new_page())
    await visit.open(file.as_uri(), CHARTS[-1])
    axes = "document.querySelector('[data-chart=\"heat-0\"]').layout"
    pairs = set()
    for label in await visit.page.locator("select option").all_inner_texts():
        await visit.page.select_option("select", label=label)
        shown = [
            await visit.page.evaluate(f"{axes}.{axis}.title.text") for axis in ("xaxis", "yaxis")
        ]
        assert " and ".join(shown) == label
        pairs.add(label)
    assert len(pairs) == 3
    assert visit.complaints == []


async def test_a_printed_page_is_as_wide_as_its_paper(
    browser: "Browser", file: Path, tmp_path: Path
) -> None:
    visit = Visit(await browser.new_page(viewport={"width": 1280, "height": 900}))
    await visit.open(file.as_uri(), CHARTS[-1])
    width = "(name) => document.querySelector(`[data-chart=${name}] .main-svg`).width.baseVal.value"
    await visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert await visit.page.evaluate(width, "objective") == 690
    assert await visit.page.evaluate(width, "slice-0") == 345
    printed = await visit.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed.startswith(b"%PDF")
