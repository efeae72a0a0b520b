"""A user's code is loaded apart from the service; whatever it does is an error with its name."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from domain.errors import InvalidRequest
from domain.runs.request import BacktestRequest, StrategySpec
from service.strategies import loader
from service.strategies.library import Entry, Library
from service.strategies.loader import PROCESSES_MAX
from service.strategies.loading import answer
from service.strategies.messages import Describe, Described
from service.strategies.strategies import Strategies, UnknownStrategy
from tests.service.execution.running import until

GOOD = '''
from typing import Annotated
import numpy as np
from msgspec import Meta
from domain.strategies.base import SignalStrategy

print("printed while it was loaded")

class Constant(SignalStrategy, frozen=True):
    """Holds a constant share."""

    share: Annotated[float, Meta(ge=0, le=1, description="share of the account")] = 0.5

    def targets(self, bars, symbols):
        return np.full(len(bars), self.share / symbols)
'''
FILES = {
    "constant": GOOD,
    "broken": "import nowhere\n",
    "endless": "while True:\n    pass\n",
    "leaving": "import os\nos._exit(3)\n",
    "hoarding": "hoard = bytes(2_000_000_000)\n",
    "empty": "",
    "rsi": GOOD,
}


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture(scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strategies")
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
async def strategies(folder: Path) -> AsyncIterator[Strategies]:
    async with Strategies(folder, memory_mib_max=1024, load_seconds_max=2) as opened:
        yield opened


def asking(name: str, **params: Any) -> BacktestRequest:
    return BacktestRequest(
        symbols=["A"],
        start_date="2024-01-01",
        end_date="2025-01-01",
        strategy=StrategySpec(name, params),
    )


async def refusal(strategies: Strategies, request: BacktestRequest) -> str:
    with pytest.raises(InvalidRequest) as raised:
        await strategies.accept(request)
    return str(raised.value)


async def test_the_list_has_them_all_and_a_bad_one_names_its_error(strategies: Strategies) -> None:
    described = {(each.name, each.source): each for each in await strategies.describe_all()}
    errors = {name: each.error for (name, source), each in described.items() if source == "file"}
    assert errors == {
        "constant": None,
        "broken": "cannot be loaded: ModuleNotFoundError: No module named 'nowhere' (line 1)",
        "endless": "is not loaded after 2 seconds: does it ever end? It is tried again in a minute",
        "leaving": "ended the process that was to load it",
        "hoarding": "cannot be loaded: MemoryError (line 1)",
        "empty": "must define one strategy, a subclass of SignalStrategy or EventStrategy with"
        " all the methods that this asks for; found: none",
        "rsi": "is the name of a strategy that is built-in: rename the file",
    }
    constant = described["constant", "file"]
    assert (constant.kind, constant.description) == ("signal", "Holds a constant share.")
    assert isinstance(constant.parameters[0].maximum, int)  # as it was written
    assert [str(each) for each in constant.parameters] == ["share (float 0 to 1, default 0.5)"]
    assert described["rsi", "built_in"].error is None


async def test_one_that_goes_while_it_is_listed_is_an_error_of_its_own(folder: Path) -> None:
    gone = Describe(Entry("gone", "file"))
    answered = answer(gone, Library(folder))
    assert isinstance(answered, Described)
    assert answered.description.error is not None
    assert "unknown strategy 'gone'" in answered.description.error


async def test_one_that_is_not_there_is_unknown(strategies: Strategies) -> None:
    with pytest.raises(UnknownStrategy, match=r"^unknown strategy 'nothing'; there are .*constant"):
        await strategies.describe("nothing")
    assert (await strategies.describe("rsi")).source == "built_in"


async def test_a_request_is_completed_and_gets_the_source(strategies: Strategies) -> None:
    accepted = await strategies.accept(asking("constant"))
    assert accepted.request.strategy.params == {"share": 0.5}
    assert accepted.request.start_date == "2024-01-01T00:00:00+00:00"
    assert accepted.code is not None
    assert accepted.code.source == GOOD.encode()
    assert (await strategies.accept(asking("rsi"))).code is None


@pytest.mark.parametrize(
    ("request_", "detail"),
    [
        (asking("constant", share=2), "strategy.params.share: Expected `float` <= 1.0; allowed: "),
        (asking("constant", sahre=1), "strategy.params.sahre: constant has no such parameter; "),
        (asking("broken"), "strategy.name: broken cannot be loaded: ModuleNotFoundError: "),
        (asking("endless"), "strategy.name: endless is not loaded after 2 seconds"),
        (asking("leaving"), "strategy.name: leaving ended the process that was to load it"),
        (asking("nothing"), "strategy.name: unknown strategy 'nothing'; there are "),
    ],
    ids=lambda value: value.strategy.name if isinstance(value, BacktestRequest) else None,
)
async def test_what_cannot_be_run_is_refused(
    strategies: Strategies, request_: BacktestRequest, detail: str
) -> None:
    assert (await refusal(strategies, request_)).startswith(detail)
    assert (await strategies.accept(asking("constant"))).code is not None


async def test_a_changed_file_is_another_strategy_at_once(
    strategies: Strategies, folder: Path
) -> None:
    path = folder / "changing.py"
    for default in (0.25, 0.75):
        path.write_text(GOOD.replace("0.5", str(default)))
        accepted = await strategies.accept(asking("changing"))
        assert accepted.request.strategy.params == {"share": default}


# Says that it is being loaded, in a file beside it, and waits for another file.
WAITING = """
import os, time
with open({path!r} + ".tried", "a") as tried:
    tried.write("x")
while not os.path.exists({path!r} + ".go"):
    time.sleep(0.01)
"""


async def test_a_file_that_hangs_costs_its_time_once_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "hanging.py"
    tried = tmp_path / "hanging.py.tried"
    path.write_text(WAITING.format(path=str(path)) + GOOD)
    async with Strategies(tmp_path, memory_mib_max=1024, load_seconds_max=1) as strategies:
        for _ in range(2):
            described = await strategies.describe("hanging")
            assert described.error is not None
            assert described.error.startswith("is not loaded after 1 seconds")
            assert "hanging is not loaded" in await refusal(strategies, asking("hanging"))
        assert tried.read_text() == "x"
        path.write_text(path.read_text() + "# mended?\n")
        assert "hanging is not loaded" in await refusal(strategies, asking("hanging"))
        assert tried.read_text() == "xx"
        path.write_text(GOOD)
        assert (await strategies.describe("hanging")).error is None


async def test_a_file_that_was_only_slow_is_tried_again_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "slow.py"
    path.write_text(WAITING.format(path=str(path)) + GOOD)
    monkeypatch.setattr(loader, "FORGET_SECONDS", 0.01)
    async with Strategies(tmp_path, memory_mib_max=1024, load_seconds_max=1) as strategies:
        assert "slow is not loaded" in await refusal(strategies, asking("slow"))
        (tmp_path / "slow.py.go").touch()
        await anyio.sleep(0.02)
        assert (await strategies.describe("slow")).error is None


async def test_a_file_does_not_see_the_keys_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKTAPE_API_KEY", "secret")
    monkeypatch.setenv("GLOWBACK_API_KEY", "secret")
    (tmp_path / "looking.py").write_text(
        "import os\nraise ValueError(sorted(each for each in os.environ if 'API_KEY' in each))\n"
    )
    async with Strategies(tmp_path, memory_mib_max=1024) as strategies:
        assert await refusal(strategies, asking("looking")) == (
            "strategy.name: looking cannot be loaded: ValueError: [] (line 2)"
        )


async def test_what_a_hanging_file_has_started_is_ended_with_it(tmp_path: Path) -> None:
    started = tmp_path / "started"
    (tmp_path / "starting.py").write_text(
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(started)!r}, 'w').write(str(child.pid))\n"
        "child.wait()\n"
    )
    async with Strategies(tmp_path, memory_mib_max=1024, load_seconds_max=1) as strategies:
        described = await strategies.describe("starting")
        assert described.error is not None
        assert described.error.startswith("is not loaded after 1 seconds")
        await until(lambda: not is_running(int(started.read_text())))


def is_running(pid: int) -> bool:
    """Whether it has not ended; who ended may still wait for a stranger to take note of it."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


async def test_parameters_that_hang_do_not_make_the_file_unusable(tmp_path: Path) -> None:
    hanging = GOOD + "\n    def __post_init__(self):\n        while self.share == 1.0: pass\n"
    (tmp_path / "picky.py").write_text(hanging)
    async with Strategies(tmp_path, memory_mib_max=1024, load_seconds_max=1) as strategies:
        assert "picky is not loaded" in await refusal(strategies, asking("picky", share=1.0))
        assert (await strategies.accept(asking("picky", share=0.5))).code is not None


async def test_while_one_is_being_loaded_others_are_answered(tmp_path: Path) -> None:
    path = tmp_path / "slow.py"
    path.write_text(WAITING.format(path=str(path)) + GOOD)
    (tmp_path / "constant.py").write_text(GOOD)
    errors: list[str | None] = []
    async with Strategies(tmp_path, memory_mib_max=1024, load_seconds_max=60) as strategies:

        async def describe_slow() -> None:
            errors.append((await strategies.describe("slow")).error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(describe_slow)
            tasks.start_soon(describe_slow)
            await until((tmp_path / "slow.py.tried").exists)
            assert (await strategies.accept(asking("constant"))).code is not None
            assert (await strategies.describe("constant")).error is None
            assert errors == []
            (tmp_path / "slow.py.go").touch()
        assert errors == [None, None]


# Names its process, in a file, and waits for the others.
TOGETHER = """
import os
with open({path!r}, "a") as pids:
    print(os.getpid(), file=pids)
while len(open({path!r}).read().split()) < {count}:
    pass
"""


async def test_of_processes_that_were_needed_at_once_one_is_kept(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    for number in range(PROCESSES_MAX):
        together = TOGETHER.format(path=str(pids), count=PROCESSES_MAX)
        (tmp_path / f"constant{number}.py").write_text(together + GOOD)
    errors: list[str | None] = []
    async with Strategies(tmp_path, memory_mib_max=1024) as strategies:

        async def describe(name: str) -> None:
            errors.append((await strategies.describe(name)).error)

        async with anyio.create_task_group() as tasks:
            for number in range(PROCESSES_MAX):
                tasks.start_soon(describe, f"constant{number}")
        loading = {int(pid) for pid in pids.read_text().split()}
        assert len([pid for pid in loading if is_there(pid)]) == 1
    assert errors == [None] * PROCESSES_MAX
    assert not any(is_there(pid) for pid in loading)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
