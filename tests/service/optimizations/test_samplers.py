"""The process that chooses points, seen from the service."""

from pathlib import Path

import pytest

from domain.optimizations.sweep import Question
from service.optimizations.samplers import sampler_of
from tests.domain.optimizations.making import a_request


def children() -> list[str]:
    lists = Path("/proc/self/task").glob("*/children")
    return [pid for each in lists for pid in each.read_text().split()]


def environment(pid: str) -> str:
    return Path(f"/proc/{pid}/environ").read_text()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
async def test_it_is_not_told_the_api_keys_and_ends_with_its_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BACKTAPE_API_KEY", "a-secret")
    before = set(children())
    async with sampler_of(a_request(strategy="random", max_trials=4)) as choose:
        assert len(await choose(Question([], 4))) == 4
        (pid,) = set(children()) - before
        assert "a-secret" not in environment(pid)
    assert pid not in children()
