"""The examples of the pages about HTTP are run as they are printed, against a real service."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet
from anyio import run_process

from tests.service.api.optimizations.sweeping import SWEEP
from tests.service.api.running import SHORT, Service
from tests.service.report.browsing import NEEDS_A_BROWSER, chromium

DOCS = Path(__file__).parents[3] / "docs"
PAGES = [*sorted(page.name for page in DOCS.glob("http-*.md")), "operations.md", "keys.md"]
PRINTED = "127.0.0.1:8000"


class Example(NamedTuple):
    """A fenced block of a page, and the language that it says it is in."""

    page: str
    language: str
    text: str


EXAMPLES = [
    Example(page, language, text)
    for page in PAGES
    for language, text in re.findall(
        r"^```(\w*)\n(.*?)^```$", (DOCS / page).read_text(), flags=re.DOTALL | re.MULTILINE
    )
]


def written_in(language: str, marks: Sequence[pytest.MarkDecorator] = ()) -> list[ParameterSet]:
    """The examples in a language, as parameters of a test."""
    found = [example for example in EXAMPLES if example.language == language]
    return [
        pytest.param(each, id=f"{each.page}-{number}", marks=marks)
        for number, each in enumerate(found)
    ]


def written_to(folder: Path) -> list[bytes]:
    """What the examples have left there."""
    return [file.read_bytes() for file in folder.iterdir()]


@pytest.fixture(scope="module")
async def names(service: Service) -> dict[str, str]:
    """What the examples take for granted."""
    run_id = await service.completed(SHORT)
    waiting = {"Prefer": "wait=50"}
    created = (await service.http.post("/optimizations", json=SWEEP, headers=waiting)).json()
    assert created["state"] == "completed"
    return {
        "RUN_ID": run_id,
        "OPTIMIZATION_ID": created["optimization_id"],
        "LOG_ID": created["log_id"],
    }


async def run(
    command: list[str], service: Service, names: dict[str, str], folder: Path
) -> "subprocess.CompletedProcess[bytes]":
    address = service.url.removeprefix("http://")
    return await run_process(
        [part.replace(PRINTED, address) for part in command],
        cwd=folder,
        env=os.environ | names,
        check=False,
    )


@pytest.mark.parametrize("example", written_in("sh"))
async def test_a_shell_example_works_as_printed(
    service: Service, names: dict[str, str], tmp_path: Path, example: Example
) -> None:
    shell = ["bash", "-euo", "pipefail", "-c"]
    ended = await run([*shell, example.text], service, names, tmp_path)
    said = [ended.stdout, *written_to(tmp_path)]
    assert ended.returncode == 0, ended.stderr
    assert any(said)
    assert not [text for text in said if b'"detail"' in text[:20]]


@pytest.mark.parametrize("example", written_in("python"))
async def test_a_python_example_works_as_printed(
    service: Service, names: dict[str, str], tmp_path: Path, example: Example
) -> None:
    given = f"run_id = {names['RUN_ID']!r}\n"
    ended = await run([sys.executable, "-c", given + example.text], service, names, tmp_path)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("example", written_in("js", NEEDS_A_BROWSER))
async def test_a_browser_example_works_as_printed(
    service: Service, names: dict[str, str], example: Example
) -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{service.url}/docs")
        shown = await page.evaluate(
            "(id) => new Promise((resolve) => { const shown = [];"
            " const show = (event) => shown.push(event); const done = () => resolve(shown);"
            f" (async () => {{ {example.text} }})(); }})",
            names["RUN_ID"],
        )
    assert {event["type"] for event in shown} == {"metric"}


def test_whatever_calls_the_service_is_run() -> None:
    plain = [example for example in EXAMPLES if example.language in ("", "console")]
    assert not [example for example in plain if "curl" in example.text]
    assert len(written_in("sh")) >= 20
