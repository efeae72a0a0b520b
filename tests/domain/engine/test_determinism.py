"""The same bytes from any process; and a process that starts compiles nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from domain.compiled import Compiled
from domain.engine import kernel
from domain.market.bars import Bars
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.strategies.registry import BUILT_IN
from tests.domain.engine.building import MONDAY, run
from tests.domain.engine.one_run import dispatchers

ROOT = Path(__file__).parents[3]


def one_run(**environment: str) -> dict[str, Any]:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.domain.engine.one_run"],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer


@pytest.fixture(scope="module")
def processes() -> list[dict[str, Any]]:
    return [
        one_run(PYTHONHASHSEED="1", POLARS_MAX_THREADS="1"),
        one_run(PYTHONHASHSEED="2", POLARS_MAX_THREADS="4", TZ="Asia/Tokyo"),
    ]


def test_every_byte_is_the_same_in_another_process(processes: list[dict[str, Any]]) -> None:
    first, second = processes
    assert first["fills"] > 100
    assert first["sha256"] == second["sha256"]


def test_a_second_process_compiles_nothing(processes: list[dict[str, Any]]) -> None:
    assert processes[1]["cached"] > 5
    assert processes[1]["compiled"] == 0
    assert not processes[1]["compiler"]


def test_code_is_compiled_once_wherever_the_bars_come_from() -> None:
    made = synthetic_bars("A", Resolution.HOUR, MONDAY, MONDAY + 60 * Resolution.DAY.microseconds)
    from_a_frame = Bars.from_frame("B", made.frame())
    part = made.between(int(made.timestamp[5]), int(made.timestamp[-3]))

    def simulate_all(timezones: list[str], rebalances: list[str], data: list[Bars]) -> int:
        for timezone in timezones:
            for rebalance in rebalances:
                for name in BUILT_IN:
                    run(
                        data,
                        name,
                        timezone=timezone,
                        rebalance=rebalance,
                        resolution=Resolution.HOUR,
                    )
        return sum(len(dispatcher.signatures) for dispatcher in dispatchers())

    once = simulate_all(["UTC"], ["on_change"], [made])
    for data in ([from_a_frame], [part], [made, from_a_frame], [part, from_a_frame]):
        assert simulate_all(["UTC", "Asia/Tokyo"], ["on_change", "monthly"], data) == once
    assert len(cast("Compiled[..., None]", kernel.run).dispatcher.signatures) == 1
