"""Bars to warm up on, from the catalog or made up, and what the reader of the run is told."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from domain.engine import tape
from domain.market.moments import since_epoch
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.runs.events import Logged, RunEvent, Started, decode
from domain.runs.request import BacktestRequest, normalise
from service.market_data.catalog import Catalog
from tests.service.execution.running import undisturbed

YEAR = {"start_date": "2024-01-01", "end_date": "2024-12-31"}


def request_of(data_source: str, warmup_bars: int) -> BacktestRequest:
    asked = {"symbols": ["A"], "data_source": data_source, "benchmark_symbol": "B", **YEAR}
    execution = {"warmup_bars": warmup_bars}
    return normalise(msgspec.convert({**asked, "execution": execution}, BacktestRequest))


def held(folder: Path, first: str) -> Path:
    """A catalog in which A and B begin on this day."""
    start, end = (since_epoch(datetime.fromisoformat(day)) for day in (first, "2025-01-31T00Z"))
    for symbol in "AB":
        Catalog(folder).write(synthetic_bars(symbol, Resolution.DAY, start, end), Resolution.DAY)
    return folder


def decoded(request: BacktestRequest, catalog: Path) -> list[RunEvent]:
    return [decode(event.type, event.payload) for event in undisturbed(request, catalog)]


def manifest_and_warnings(events: list[RunEvent]) -> tuple[Started, list[str]]:
    (started,) = (event for event in events if isinstance(event, Started))
    return started, [event.message for event in events if isinstance(event, Logged)]


def test_bars_before_the_start_come_from_the_catalog(tmp_path: Path) -> None:
    catalog = held(tmp_path, "2020-01-01T00Z")
    started, warnings = manifest_and_warnings(decoded(request_of("catalog", 50), catalog))
    (data,), benchmark = started.manifest.data, started.manifest.benchmark
    assert warnings == []
    assert (data.bars, data.warmup_bars) == (262 + 50, 50)
    assert benchmark is not None
    assert (benchmark.bars, benchmark.warmup_bars) == (262, 0)


def test_where_there_are_fewer_a_warning_says_so(tmp_path: Path) -> None:
    catalog = held(tmp_path, "2023-12-20T00Z")
    started, warnings = manifest_and_warnings(decoded(request_of("catalog", 50), catalog))
    assert started.manifest.data[0].warmup_bars == 8
    assert warnings == ["A: 8 bars before the start to warm up on, not the 50 that were asked for"]


def test_they_are_made_up_with_the_rest(tmp_path: Path) -> None:
    started, _ = manifest_and_warnings(decoded(request_of("synthetic", 50), tmp_path))
    assert started.manifest.data[0].warmup_bars == 50


def test_the_curve_begins_at_the_start_of_the_run(tmp_path: Path) -> None:
    events = undisturbed(request_of("synthetic", 50), tmp_path)
    first = next(event.attachment for event in events if event.attachment is not None)
    moments = tape.decode(first)["equity"]["timestamp"]
    assert moments[0] == datetime(2024, 1, 1, tzinfo=UTC)
