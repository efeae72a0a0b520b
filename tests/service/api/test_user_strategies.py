"""Strategies from outside: installed as entry points, found by name, and kept apart."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import anyio
import msgspec
import pytest

from domain.market.moments import iso
from domain.runs.request import BacktestRequest
from service.market_data.catalog import Catalog
from tests.service.api.running import SHORT, Api, Document
from tests.service.api.service_process import service_process

MODULE = """
import os
import sys
from typing import Annotated

import numpy as np
from msgspec import Meta

from domain.strategies.base import SignalStrategy


class Constant(SignalStrategy, frozen=True):
    weight: Annotated[float, Meta(ge=0, le=1)] = 0.5

    def targets(self, bars, symbols):
        return np.full(len(bars), self.weight / symbols)


class Talkative(Constant, frozen=True):
    def targets(self, bars, symbols):
        for _ in range(1000):
            print("tick\\0" * 100, flush=True)
        sys.stdout.buffer.write(b"\\xff" * 100_000)
        return super().targets(bars, symbols)


class Afraid(Constant, frozen=True, kw_only=True):
    height: float

    def targets(self, bars, symbols):
        if (bars.close > self.height).any():
            raise LookupError(f"above {self.height}")
        return super().targets(bars, symbols)


class Quitter(Constant, frozen=True):
    def targets(self, bars, symbols):
        os._exit(3)
"""
ENTRY_POINTS = """
[backtape.strategies]
constant = outside:Constant
talkative = outside:Talkative
afraid = outside:Afraid
quitter = outside:Quitter
unfinished = outside_unfinished:Unfinished
nonsense = outside:np
"""
METADATA = "Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n"


class Running(Api, frozen=True):
    """The service and the folder of its data."""

    folder: Path


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A service in an environment where a package with strategies is installed."""
    site, folder = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("data")
    (site / "outside.py").write_text(MODULE)
    (site / "outside_unfinished.py").write_text("import no_such_library\n")
    (site / "outside-1.0.dist-info").mkdir()
    (site / "outside-1.0.dist-info" / "METADATA").write_text(METADATA)
    (site / "outside-1.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    environment = {"PYTHONPATH": str(site), "BACKTAPE_ENGINE_PROCESSES": "2"}
    async with service_process(folder, site / "output", environment) as api:
        yield Running(api.url, api.http, folder)


def asking(name: str, **params: object) -> Document:
    return SHORT | {"strategy": {"name": name, "params": params}}


async def test_a_users_strategy_runs_and_the_manifest_has_the_hash_of_its_source(
    service: Running,
) -> None:
    results = await service.results(await service.completed(asking("constant", weight=0.25)))
    manifest, first = results["manifest"], results["trades"][0]
    assert manifest["strategy_sha256"] == sha256(MODULE.encode()).hexdigest()
    assert manifest["request"]["strategy"] == {"name": "constant", "params": {"weight": 0.25}}
    assert first["quantity"] * first["price"] == pytest.approx(250_000, rel=0.05)


async def test_the_answer_to_an_unknown_name_lists_it(service: Running) -> None:
    response = await service.http.post("/backtests", json=asking("constantly"))
    assert response.status_code == 400
    assert ", buy_and_hold, constant, donchian_breakout, " in response.json()["detail"]


async def test_its_parameters_are_checked_like_any_others(service: Running) -> None:
    response = await service.http.post("/backtests", json=asking("constant", weight=2))
    assert response.status_code == 400
    assert response.json()["detail"].startswith("strategy.params.weight: Expected `float` <= 1.0;")


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        (
            "unfinished",
            "strategy.name: unfinished cannot be loaded: ModuleNotFoundError: "
            "No module named 'no_such_library' (line 1)",
        ),
        (
            "nonsense",
            "strategy.name: nonsense (outside:np) is not a subclass of "
            "SignalStrategy or EventStrategy",
        ),
    ],
)
async def test_one_that_cannot_be_used_is_a_400(service: Running, name: str, detail: str) -> None:
    response = await service.http.post("/backtests", json=asking(name))
    assert (response.status_code, response.json()) == (400, {"detail": detail})


async def test_one_that_prints_harms_nothing(service: Running) -> None:
    talkative = await service.results(await service.completed(asking("talkative")))
    silent = await service.results(await service.completed(asking("constant")))
    assert talkative["equity_curve"] == silent["equity_curve"]


async def test_one_that_raises_fails_its_run_with_the_place_and_no_other(
    service: Running,
) -> None:
    covered = msgspec.convert(SHORT, BacktestRequest)
    catalog = Catalog(service.folder / "market")
    bars = catalog.load("AAPL", covered.resolution, covered.start, covered.end, "UTC").bars
    height = float(bars.close[:100].max())
    row = int((bars.close > height).argmax())
    run_ids = {name: await service.create(asking(name)) for name in ("constant", "talkative")}
    run_ids["afraid"] = await service.create(asking("afraid", height=height))
    run_ids["buy_and_hold"] = await service.create(asking("buy_and_hold"))
    ends: dict[str, Document] = {}

    async def follow(name: str) -> None:
        ends[name] = (await service.frames(run_ids[name]))[-1]["payload"]

    async with anyio.create_task_group() as clients:
        for name in run_ids:
            clients.start_soon(follow, name)
    assert ends.pop("afraid") == {
        "state": "failed",
        "error": f"the strategy raised LookupError: above {height} "
        f"(AAPL, bar {iso(int(bars.timestamp[row]))})",
        "previous_state": "running",
    }
    assert {end["state"] for end in ends.values()} == {"completed"}


async def test_one_that_ends_its_engine_fails_its_run_only(service: Running) -> None:
    run_id = await service.create(asking("quitter"))
    await service.frames(run_id)
    status = await service.status(run_id)
    assert status["state"] == "failed"
    assert status["error"].startswith("the engine process ")
    await service.completed(asking("constant"))
