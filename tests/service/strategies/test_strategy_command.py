"""`backtape strategy`, from the command line."""

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from domain.strategies.registry import BUILT_IN
from service.cli.strategies import app

PEEKING = """
import numpy as np
from domain.strategies.base import SignalStrategy

class Peeking(SignalStrategy, frozen=True):
    def targets(self, bars, symbols):
        ahead = np.append(bars.close[1:], 0.0) > bars.close
        return np.where({condition}, 1 / symbols, 0.0)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKTAPE_STRATEGIES", str(tmp_path))
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "200"})


def test_a_new_strategy_is_written_listed_shown_and_checked(folder: Path) -> None:
    assert run("new", "my_trend").exit_code == 0
    (folder / "broken.py").write_text("1 / 0\n")
    listed = run("list")
    assert listed.exit_code == 0
    for word in ("my_trend", "signal", "file", *BUILT_IN, "ZeroDivisionError"):
        assert word in listed.stdout
    shown = run("show", "my_trend")
    assert (shown.exit_code, shown.stderr) == (0, "")
    for word in ("my_trend (signal, file)", "period", "2 to 1000", "50", "bars in the mean"):
        assert word in shown.stdout
    checked = run("check", folder / "my_trend.py", "--moments", "3", "--param", "period=5")
    assert checked.exit_code == 0
    assert checked.stdout == "no look-ahead found at 3 moments (seed 0)\n"


def test_json_is_what_the_api_answers(folder: Path) -> None:
    listed = msgspec.json.decode(run("list", "--json").stdout)
    assert {each["name"] for each in listed if each["source"] == "built_in"} == set(BUILT_IN)
    shown = msgspec.json.decode(run("show", "rsi", "--json").stdout)
    assert shown in listed
    assert shown["parameters"][0]["name"] == "period"


def test_what_looks_ahead_is_shown_with_its_bar_and_ends_with_one(folder: Path) -> None:
    file = folder / "peeking.py"
    file.write_text(PEEKING.format(condition="ahead"))
    result = run("check", file, "--moments", "3", "--seed", "7")
    assert result.exit_code == 1
    assert "it sees the future at 3 of 3 moments (seed 7)" in result.stdout
    report = run("check", file, "--moments", "3", "--seed", "7", "--json")
    assert report.exit_code == 1
    document = msgspec.json.decode(report.stdout)
    assert document["clean"] is False
    for leak in document["leaks"]:
        assert leak["bar"].removesuffix("T00:00:00+00:00") in result.stdout
    assert "orders: " in result.stdout


def test_what_differs_from_run_to_run_is_told_so(folder: Path) -> None:
    file = folder / "gambling.py"
    file.write_text(PEEKING.format(condition="np.random.random(len(bars)) < 0.5"))
    result = run("check", file)
    assert result.exit_code == 1
    assert "it is not deterministic" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["show", "nothing"], "unknown strategy 'nothing'; there are "),
        (["new", "rsi"], "rsi is the name of a built-in strategy"),
        (["new", "taken"], "File exists"),
        (["new", "9x"], "right would be a lower case letter, then"),
        (["check", "{}/taken.py"], "taken.py: must define one strategy"),
        (
            ["check", "{}/bad.py"],
            "bad.py: cannot be loaded: SyntaxError: invalid syntax (line 1)\n",
        ),
        (["check", "{}/rsi.py"], "rsi.py: is the name of a strategy that is built-in"),
        (["check", "{}/_one.py"], "_one.py: is no file of a strategy, whose name ends in .py"),
        (["check", "{}/notes.txt"], "notes.txt: is no file of a strategy, whose name ends in"),
        (["check", "{}/taken.py", "--param", "period"], "is not of the form name=value"),
    ],
)
def test_what_cannot_be_done_says_why(folder: Path, arguments: list[str], problem: str) -> None:
    for name in ("taken.py", "rsi.py", "_one.py", "notes.txt"):
        (folder / name).touch()
    (folder / "bad.py").write_text("def f(:\n")
    result = run(*(argument.format(folder) for argument in arguments))
    assert result.exit_code == 1
    assert problem in result.stderr


def test_a_folder_that_is_not_there_is_told_beside_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKTAPE_STRATEGIES", str(tmp_path / "gone"))
    listed = run("list")
    assert listed.exit_code == 0
    assert listed.stderr == f"BACKTAPE_STRATEGIES is {tmp_path / 'gone'}, which is no folder\n"
    assert "buy_and_hold" in listed.stdout
