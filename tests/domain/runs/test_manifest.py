"""The manifest: code, parameters and data that decide a run."""

import hashlib
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest

from domain.market.resolution import Resolution
from domain.runs.manifest import Manifest, Provided, describe
from tests.domain.engine.building import MONDAY, bars, request_for
from tests.domain.strategies.installing import install

DAY = Resolution.DAY.microseconds


def test_data_is_described_by_symbol_source_range_and_fingerprint() -> None:
    data = bars("A", [1, 2, 3], [1, 2, 3])
    index = bars("INDEX", [5], [5])
    request = request_for(["A"], "rsi", {"period": 7}, benchmark_symbol="INDEX")
    manifest = describe(
        request,
        [Provided(data, "catalog", Resolution.MINUTE)],
        Provided(index, "synthetic"),
        ["made up"],
    )
    (described,) = manifest.data
    assert (described.symbol, described.source, described.bars) == ("A", "catalog", 3)
    assert (described.first, described.last) == (MONDAY, MONDAY + 2 * DAY)
    assert described.sha256 == data.sha256()
    assert described.resampled_from is Resolution.MINUTE
    assert manifest.benchmark is not None
    assert (manifest.benchmark.symbol, manifest.benchmark.source) == ("INDEX", "synthetic")
    assert manifest.warnings == ["made up"]
    assert manifest.request.strategy.params["overbought"] == 70.0


def test_versions_are_those_installed() -> None:
    manifest = describe(
        request_for(["A"], "rsi", {}), [Provided(bars("A", [1], [1]), "catalog")], None, []
    )
    assert manifest.engine == version("backtape")
    assert manifest.libraries["polars"] == version("polars")
    assert manifest.strategy_sha256 is None
    assert manifest.benchmark is None


@pytest.mark.parametrize(("days", "periods"), [([0, 4, 7], 252), ([0, 5], 365), ([0, 6], 365)])
def test_a_year_has_365_days_where_there_are_weekend_sessions(
    days: list[int], periods: int
) -> None:
    prices = [1.0] * len(days)
    data = [bars("A", [1], [1]), bars("B", prices, prices, at=days)]
    manifest = describe(
        request_for(["A", "B"], "rsi", {}), [Provided(each, "catalog") for each in data], None, []
    )
    assert manifest.periods_per_year == periods


def test_a_strategy_that_is_not_built_in_is_fingerprinted_by_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tests.domain.engine.scripted as module

    install(tmp_path, scripted_too="tests.domain.engine.scripted:Scripted")
    monkeypatch.syspath_prepend(tmp_path)
    request = request_for(["A"], "scripted_too", {"weights": {"A": [1.0]}})
    manifest = describe(request, [Provided(bars("A", [1], [1]), "catalog")], None, [])
    source = Path(module.__file__).read_bytes()
    assert manifest.strategy_sha256 == hashlib.sha256(source).hexdigest()
    again = msgspec.json.decode(msgspec.json.encode(manifest), type=Manifest)
    assert again == manifest
