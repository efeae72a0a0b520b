"""What commands print is safe to look at, and a reader may leave at any time."""

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from tests.end_to_end.processes import BACKTAPE, PATIENCE_SECONDS, backtape

DATES = ("--start", "2005-01-01", "--end", "2005-06-01")
HOSTILE = r"""
from domain.strategies.event import EventStrategy

class Hostile(EventStrategy):
    "Clears \x1b[2J the screen."

    def on_start(self, context):
        context.log("\x1b[2Jgone\nerror: forged")
        for number in range(30):
            context.log(f"line {number}.")

    def on_bar(self, context):
        if context.positions:
            raise ValueError("\x1b]0;title\x07")
        {then}
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder of hostile strategies, and the environment of who uses them."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "saying.py").write_text(HOSTILE.replace("{then}", "pass"))
    (folder / "failing.py").write_text(
        HOSTILE.replace("{then}", "context.buy(context.symbols[0], 1)")
    )
    return folder, {**os.environ, "BACKTAPE_STRATEGIES": str(folder)}


def test_nothing_that_a_strategy_writes_steers_the_terminal(
    hostile: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder, environment = hostile
    where = ("--data-dir", tmp_path)
    asked = ("run", "--symbol", "A", "--data-source", "synthetic", *DATES, *where)
    said = backtape(*asked, "--strategy", "saying", environment=environment)
    assert said.returncode == 0
    lines = said.stdout.splitlines()
    assert r"info: \x1b[2Jgone" in lines
    assert "    error: forged" in lines
    assert "info: line 17." in lines
    assert "info: line 18." not in lines
    assert "and 12 more log lines: --json has them all" in lines

    failed = backtape(*asked, "--strategy", "failing", environment=environment)
    assert failed.returncode == 1
    assert r"the strategy raised ValueError: \x1b]0;title\x07 (bar" in failed.stderr
    listed = backtape("runs", *where)
    assert r"\x1b]0;title" in listed.stdout
    described = backtape("strategy", "list", environment=environment)
    assert r"Clears \x1b[2J the screen." in described.stdout
    checked = backtape("strategy", "check", folder / "failing.py", environment=environment)
    assert r"\x1b]0;title" in checked.stderr
    for each in (said, failed, listed, described, checked):
        assert "\x1b" not in each.stdout + each.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A completed run in a folder of its own, with prices."""
    folder = str(tmp_path_factory.mktemp("run"))
    backtape("data", "sample", "--data-dir", folder)
    finished = backtape("run", "--symbol", "AAPL", *DATES, "--json", "--data-dir", folder)
    return {"folder": folder, "run_id": msgspec.json.decode(finished.stdout)["run_id"]}


@pytest.mark.parametrize(
    "command",
    [
        ["results", "{run_id}"],
        ["results", "{run_id}", "--json"],
        ["runs"],
        ["runs", "--json"],
        ["checkpoint"],
        ["strategy", "list"],
        ["strategy", "show", "rsi", "--json"],
        ["data", "list"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_a_reader_who_has_left_is_told_nothing(run: dict[str, str], command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as left:
        finished = subprocess.run(
            [*BACKTAPE, *(word.format(**run) for word in command)],
            env={**os.environ, "BACKTAPE_DATA_DIR": run["folder"]},
            stdout=left,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    assert (finished.returncode, finished.stderr) == (1, "")
