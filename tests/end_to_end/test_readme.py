"""The README is a promise: its curl examples are run as printed, against a service as it says."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PRINTED_ADDRESS = "127.0.0.1:8000"
COMPLETED_SECONDS_MAX = 90


def fenced_blocks(text: str) -> list[str]:
    return re.findall(r"^```\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


CURL_BLOCKS = [block for block in fenced_blocks(README) if "curl -s" in block]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service as ``make serve`` starts it, but on a free port and in a folder of its own."""
    folder = tmp_path_factory.mktemp("readme")
    command = [sys.executable, "-P", "-m", "service.cli.main"]
    environment = {
        **os.environ,
        "BACKTAPE_MISSING_DATA": "synthetic",
        "BACKTAPE_RATE_LIMIT": "1000",
    }
    where = ["--data-dir", str(folder)]
    subprocess.run([*command, "data", "sample", *where], check=True, env=environment)
    with subprocess.Popen(
        [*command, "serve", "--port", "0", *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as service:
        assert service.stdout is not None
        announced = re.search(r"http://(\S+)", service.stdout.readline())
        assert announced is not None
        yield announced[1]
        service.terminate()


def run_block(block: str, address: str) -> str:
    # The WebSocket example is interactive: it is tried by the stream's own tests.
    script = "\n".join(line for line in block.splitlines() if "websockets" not in line)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(PRINTED_ADDRESS, address)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        cwd=ROOT,
    ).stdout


def wait_until_completed(address: str) -> None:
    deadline = time.monotonic() + COMPLETED_SECONDS_MAX
    states: set[str] = set()
    while states != {"completed"}:
        assert time.monotonic() < deadline, f"the runs are {states}"
        time.sleep(0.2)
        answer = run_block(f"curl -s http://{PRINTED_ADDRESS}/backtests", address)
        states = {run["state"] for run in msgspec.json.decode(answer)}


def test_every_curl_example_works_as_printed(address: str) -> None:
    assert len(CURL_BLOCKS) >= 5
    for block in CURL_BLOCKS:
        if "RUN_ID=" in block:
            wait_until_completed(address)
        answer = run_block(block, address)
        assert answer
        assert '"detail"' not in answer


def test_the_examples_include_the_gateway_documents_own_request() -> None:
    request = {
        "symbols": ["AAPL"],
        "start_date": "2024-01-01T00:00:00Z",
        "end_date": "2024-12-31T23:59:59Z",
        "resolution": "day",
        "strategy": {"name": "buy_and_hold"},
        "execution": {"slippage_bps": 1.0, "commission_bps": 0.5},
    }
    bodies = [re.search(r"-d '(\{.*\})'", block, flags=re.DOTALL) for block in CURL_BLOCKS]
    assert request in [msgspec.json.decode(body[1]) for body in bodies if body]


def test_every_make_target_named_in_the_readme_exists() -> None:
    named = set(re.findall(r"make ([a-z]+)", README))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert named
    assert named <= targets


def test_every_page_that_the_readme_links_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
