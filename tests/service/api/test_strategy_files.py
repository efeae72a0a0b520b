"""Strategies from files: listed, run, kept in the log, held within limits, searched."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import anyio
import msgspec
import pytest

from domain.runs.events import Failed, decode
from service.audit.reexecution import Reexecution, reexecute
from service.projections import stream_of
from tests.service.api.running import SHORT, Document, Service, running_service

CONSTANT = '''"""Kept in the log as it stands, with this ü."""
from typing import Annotated
import numpy as np
from msgspec import Meta
from domain.strategies.base import SignalStrategy

class Constant(SignalStrategy, frozen=True):
    """Holds a constant share."""

    share: Annotated[float, Meta(ge=0, le=1, description="share of the account")] = 0.5

    def targets(self, bars, symbols):
        return np.full(len(bars), self.share / symbols)
'''
HEAD = """
import numpy as np
from domain.strategies.base import SignalStrategy
from domain.strategies.event import EventStrategy

"""
FILES = {
    "constant": CONSTANT,
    "broken": "def f(:\n",
    "peeking": HEAD
    + """
class Peeking(SignalStrategy, frozen=True):
    def targets(self, bars, symbols):
        return np.where(np.append(bars.close[1:], 0.0) > bars.close, 1 / symbols, 0.0)
""",
    "endless": HEAD
    + """
class Endless(EventStrategy):
    def on_bar(self, context):
        while len(context.bars(context.symbols[0])) > 20:
            pass
""",
    "hoarding": HEAD
    + """
HOARD = []

class Hoarding(EventStrategy):
    def on_bar(self, context):
        HOARD.append(np.ones(10_000_000))
""",
}
SECONDS_MAX = 5


class Limited(msgspec.Struct, frozen=True):
    """A service with a folder of strategies and narrow limits."""

    service: Service
    folder: Path

    async def failed(self, name: str) -> tuple[str, Failed]:
        """Run a strategy that fails; give the run's id and its last event."""
        run_id = await self.service.create(asking(name))
        await self.service.frames(run_id)
        last = (await self.service.log(run_id))[-1]
        ending = decode(last.type, last.payload)
        assert isinstance(ending, Failed)
        return run_id, ending

    async def audited(self, run_id: str) -> Reexecution:
        """Simulate a run again from its log."""
        core = self.service.core
        return await reexecute(core.store, stream_of(run_id), self.service.market)


def asking(name: str, **params: object) -> Document:
    return SHORT | {"strategy": {"name": name, "params": params}}


@pytest.fixture(scope="module")
async def limited(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Limited]:
    folder = tmp_path_factory.mktemp("strategies")
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text)
    async with running_service(
        tmp_path_factory.mktemp("data"),
        strategies=folder,
        run_seconds_max=SECONDS_MAX,
        run_memory_mib_max=256,
    ) as service:
        yield Limited(service, folder)


async def test_the_list_has_built_in_and_own_strategies_and_the_broken_one_says_how(
    limited: Limited,
) -> None:
    response = await limited.service.http.get("/strategies")
    listed = {each["name"]: each for each in response.json()}
    assert list(listed) == sorted(listed)
    assert {*FILES, "rsi", "target_weights"} <= set(listed)
    assert listed["broken"]["error"].startswith("cannot be loaded: SyntaxError: ")
    own = {name: each["error"] for name, each in listed.items() if each["source"] == "file"}
    assert [name for name, error in own.items() if error is not None] == ["broken"]


async def test_one_strategy_tells_its_parameters_and_their_schema(limited: Limited) -> None:
    response = await limited.service.http.get("/strategies/constant")
    described = response.json()
    assert described.pop("schema")["$defs"]["Constant"]["properties"]["share"] == {
        "type": "number", "minimum": 0, "maximum": 1, "default": 0.5,
        "description": "share of the account",
    }  # fmt: skip
    assert described == {
        "name": "constant",
        "source": "file",
        "kind": "signal",
        "description": "Holds a constant share.",
        "parameters": [
            {
                "name": "share",
                "type": "float",
                "required": False,
                "default": 0.5,
                "minimum": 0,
                "maximum": 1,
                "description": "share of the account",
                "above_minimum": False,
                "below_maximum": False,
                "choices": [],
            }
        ],
        "error": None,
    }
    unknown = await limited.service.http.get("/strategies/nothing")
    assert unknown.status_code == 404
    assert unknown.json()["detail"].startswith("unknown strategy 'nothing'; there are ")


async def test_a_run_keeps_its_source_and_is_audited_when_the_file_is_gone(
    limited: Limited,
) -> None:
    service, path = limited.service, limited.folder / "passing.py"
    path.write_text(CONSTANT)
    run_id = await service.completed(asking("passing", share=0.25))
    path.write_text(CONSTANT.replace("self.share", "0.5 * self.share"))
    changed = await service.completed(asking("passing", share=0.25))
    path.unlink()
    assert (await service.http.post("/backtests", json=asking("passing"))).status_code == 400

    first = (await service.log(run_id))[0]
    assert first.attachment == CONSTANT.encode()
    queued = msgspec.json.decode(first.payload)
    digest = sha256(CONSTANT.encode()).hexdigest()
    assert queued["code"] == {"target": "passing", "package": "", "sha256": digest}
    results = [await service.results(each) for each in (run_id, changed)]
    assert results[0]["manifest"]["strategy_sha256"] == digest
    bought = [each["trades"][0]["quantity"] for each in results]
    assert bought[0] == pytest.approx(2 * bought[1])
    for each in (run_id, changed):
        again = await limited.audited(each)
        assert again.findings == []
        assert again.compared == len(await service.log(each)) - 1


async def test_an_endless_loop_and_a_hoarder_fail_alone(limited: Limited) -> None:
    ends: dict[str, tuple[str, Failed]] = {}

    async def follow(name: str) -> None:
        ends[name] = await limited.failed(name)

    async with anyio.create_task_group() as runs:
        runs.start_soon(follow, "endless")
        runs.start_soon(follow, "hoarding")
        await limited.service.completed(asking("constant"))
    for _ in range(3):
        await limited.service.completed(asking("constant"))
    (endless, late), (hoarding, large) = ends["endless"], ends["hoarding"]
    took = f"the run took more than {SECONDS_MAX} seconds, which is what a run may take"
    assert (late.error, late.exceeded) == (took, "time")
    assert large.error.startswith("the run needs more memory than it may take: the strategy raised")
    assert large.exceeded == "memory"
    # An audit compares what came before, and does not try the limits of its own machine.
    for run_id, ending in ((endless, late), (hoarding, large)):
        with anyio.fail_after(SECONDS_MAX):
            again = await limited.audited(run_id)
        assert again.findings == []
        assert f"it failed ({ending.error}); the " in again.notes[0]


async def test_a_finished_run_is_searched_for_look_ahead(limited: Limited) -> None:
    http = limited.service.http
    for name in ("peeking", "constant", "rsi"):
        run_id = await limited.service.completed(asking(name))
        response = await http.post(f"/backtests/{run_id}/lookahead-check", json={"moments": 4})
        assert response.status_code == 200, response.text
        report = response.json()
        assert (len(report["moments"]), report["seed"], report["deterministic"]) == (4, 0, True)
        assert bool(report["leaks"]) == (name == "peeking")
        assert report["clean"] is (name != "peeking")
        again = await http.post(f"/backtests/{run_id}/lookahead-check", json={"moments": 4})
        assert again.content == response.content


@pytest.mark.parametrize("body", [{"moments": 0}, {"moments": 201}, {"seed": -1}, {"x": 1}, []])
async def test_a_search_that_cannot_be_is_a_400(limited: Limited, body: object) -> None:
    run_id = await limited.service.completed(asking("constant"))
    path = f"/backtests/{run_id}/lookahead-check"
    assert (await limited.service.http.post(path, json=body)).status_code == 400


async def test_only_a_completed_run_is_searched(limited: Limited) -> None:
    run_id = await limited.service.create(SHORT | {"symbols": ["NOTHING"]})
    await limited.service.frames(run_id)
    response = await limited.service.http.post(f"/backtests/{run_id}/lookahead-check")
    assert response.status_code == 409
    assert "this one is failed" in response.json()["detail"]
    missing = "/backtests/00000000-0000-4000-8000-000000000000/lookahead-check"
    assert (await limited.service.http.post(missing)).status_code == 404
