"""The results document: a fold over events, whatever stretches they cover."""

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.engine import tape
from domain.market.bars import TIMESTAMP_TYPE
from domain.market.resolution import Resolution
from domain.runs.events import Logged, Measured, Progressed, Queued, RunEvent, Started
from domain.runs.request import BacktestRequest, normalise
from domain.runs.results import CURVES, EquityCurve, ResultsFold
from tests.domain.engine.building import MONDAY, bars, request_for, run
from tests.domain.runs.making import EVENTS, a_manifest, a_request

DAY = Resolution.DAY.microseconds
HOUR = Resolution.HOUR.microseconds

Recorded = tuple[RunEvent, bytes | None]


def folded(events: Sequence[Recorded]) -> dict[str, Any]:
    """The document after these events, the n-th of which was recorded at second n."""
    fold = ResultsFold("r")
    pieces: dict[str, list[bytes]] = {name: [] for name in CURVES}
    for second, (event, attachment) in enumerate(events, start=1):
        for name, rows in fold.add(event, second * 1_000_000, attachment):
            pieces[name].append(rows)
    curves = {name: iter([b",".join(rows)]) for name, rows in pieces.items()}
    found: dict[str, Any] = json.loads(b"".join(fold.document(curves)), parse_constant=pytest.fail)
    return found


def stretch(rows: pl.DataFrame) -> Recorded:
    event = Progressed(progress=0.5, bar=1, bars=2, timestamp="", equity=0.0)
    return event, tape.encode({"equity": rows})


def equity(moments: Sequence[int], values: Sequence[float]) -> pl.DataFrame:
    """Rows of which a quarter is cash."""
    value = np.array(values, dtype=np.float64)
    timestamp = pl.Series(moments, dtype=pl.Int64).cast(TIMESTAMP_TYPE)
    return pl.DataFrame({"timestamp": timestamp, "cash": value / 4, "positions": value * 3 / 4})


def points(request: BacktestRequest, rows: pl.DataFrame, *cuts: int) -> list[dict[str, Any]]:
    """The equity points of these rows, handed over in one piece or cut in several."""
    edges = [0, *cuts, len(rows)]
    pieces = [rows[start:stop] for start, stop in pairwise(edges)]
    document = folded([(Queued(request), None), *map(stretch, pieces)])
    found: list[dict[str, Any]] = document["equity_curve"]
    return found


def daily_request() -> BacktestRequest:
    return request_for(["A"], "buy_and_hold", {}, capital=1_000.0)


def test_an_equity_point_by_hand() -> None:
    rows = equity([MONDAY, MONDAY + DAY, MONDAY + 2 * DAY], [1_100, 880, 1_210])
    second = points(daily_request(), rows)[1]
    assert list(second) == [
        "timestamp", "value", "equity", "cash", "positions", "total_pnl", "returns",
        "daily_return", "drawdown",
    ]  # fmt: skip
    assert second.pop("timestamp") == "2024-01-02T00:00:00+00:00"
    assert second == pytest.approx(
        {
            "value": 880,
            "equity": 880,
            "cash": 220,
            "positions": 660,
            "total_pnl": -120,
            "returns": -12,
            "daily_return": -20,
            "drawdown": 20,
        }
    )


def column(found: list[dict[str, Any]], name: str) -> list[Any]:
    return [point[name] for point in found]


def test_drawdown_is_from_the_highest_value_so_far_beginning_with_the_capital() -> None:
    values = [900, 800, 1_000, 1_200, 600, 1_200, 1_500]
    rows = equity([MONDAY + day * DAY for day in range(7)], values)
    assert column(points(daily_request(), rows), "drawdown") == pytest.approx(
        [10, 20, 0, 0, 50, 0, 0]
    )


def hourly_request(timezone: str) -> BacktestRequest:
    return request_for(
        ["A"], "buy_and_hold", {}, capital=1_000.0, resolution=Resolution.HOUR, timezone=timezone
    )


def test_a_daily_return_is_since_the_last_mark_of_the_day_before() -> None:
    rows = equity(
        [MONDAY + hour * HOUR for hour in (22, 23, 24, 25, 72)], [1_010, 1_100, 1_155, 990, 495]
    )
    found = points(hourly_request("UTC"), rows)
    assert column(found, "daily_return") == pytest.approx([1, 10, 5, -10, -50])


def test_days_are_those_of_the_time_zone_except_for_daily_bars() -> None:
    # 04:00 UTC is 23:00 of the day before in New York.
    moments = [MONDAY + hour * HOUR for hour in (3, 4, 5, 6)]
    rows = equity(moments, [1_100, 1_000, 2_000, 1_500])
    found = points(hourly_request("America/New_York"), rows)
    assert column(found, "daily_return") == pytest.approx([10, 0, 100, 50])
    rows = equity([MONDAY, MONDAY + DAY], [1_100, 2_200])
    request = request_for(["A"], "buy_and_hold", {}, capital=1_000.0, timezone="America/New_York")
    assert column(points(request, rows), "daily_return") == pytest.approx([10, 100])


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(0, 2**32), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_one_stretch_or_many_fold_to_the_same_rows(count: int, seed: int, timezone: str) -> None:
    generator = random.Random(seed)
    moments = sorted(MONDAY + generator.randrange(200) * HOUR for _ in range(count))
    rows = equity(moments, [generator.uniform(500, 1_500) for _ in range(count)])
    request = hourly_request(timezone)
    cuts = sorted(generator.sample(range(1, count + 1), generator.randrange(count)))
    assert points(request, rows, *cuts) == points(request, rows)
    assert points(request, rows, *range(1, count)) == points(request, rows)


def test_an_account_that_is_worth_nothing_has_no_daily_return_after() -> None:
    rows = equity([MONDAY + day * DAY for day in range(3)], [1_000, 0, 0])
    for cuts in ([], [1], [1, 2]):
        found = points(daily_request(), rows, *cuts)
        assert column(found, "daily_return") == [0, -100, None]
        assert column(found, "drawdown") == [0, 100, 100]


def test_a_segment_without_rows_changes_nothing() -> None:
    rows = equity([MONDAY, MONDAY + DAY], [1_100, 880])
    curve = EquityCurve(daily_request())
    assert len(curve.extend(rows[:0])) == 0
    assert points(daily_request(), rows, 0, 1, 1) == points(daily_request(), rows)


def a_whole_run() -> list[Recorded]:
    prices = (10 + np.sin(np.arange(350))).tolist()
    outcome = run(
        [bars("A", prices, prices)],
        "ma_crossover",
        {"short_period": 2, "long_period": 5},
        commission_bps=10,
        warnings=["made up"],
        benchmark=bars("INDEX", prices, prices),
        benchmark_symbol="INDEX",
    )
    queued: RunEvent = Queued(request_for(["A"], "ma_crossover", {}))
    attachments = [None, *(event.attachment for event in outcome.events)]
    return list(zip([queued, *outcome.decoded], attachments, strict=True))


def test_the_document_of_a_whole_run() -> None:
    events = a_whole_run()
    document = folded(events)
    assert list(document) == [
        "run_id", "metrics_summary", "equity_curve", "trades", "exposures", "benchmark_curve",
        "logs", "manifest",
    ]  # fmt: skip
    assert document["run_id"] == "r"
    assert len(document["equity_curve"]) == len(document["benchmark_curve"]) == 350
    metrics = document["metrics_summary"]
    assert metrics["final_value"] == document["equity_curve"][-1]["value"]
    assert metrics["total_fills"] == len(document["trades"]) > 50
    assert list(document["trades"][0]) == [
        "symbol", "timestamp", "side", "quantity", "price", "commission", "order_id", "slippage",
        "rule",
    ]  # fmt: skip
    assert set(document["exposures"][0]) == {
        "timestamp", "symbol", "quantity", "price", "value", "weight",
    }  # fmt: skip
    assert document["logs"] == [
        {"timestamp": "1970-01-01T00:00:03+00:00", "level": "warning", "message": "made up"}
    ]
    assert document["manifest"]["request"]["strategy"]["name"] == "ma_crossover"
    assert metrics["max_drawdown"] == pytest.approx(
        max(column(document["equity_curve"], "drawdown"))
    )


def test_results_as_of_an_event_are_a_fold_that_stops_there() -> None:
    events = a_whole_run()
    whole = folded(events)
    ticks = [place for place, (event, _) in enumerate(events) if isinstance(event, Progressed)]
    half = folded(events[: ticks[1] + 1])
    until = events[ticks[1]][0]
    assert isinstance(until, Progressed)
    assert half["metrics_summary"] == {}
    assert half["equity_curve"] == whole["equity_curve"][: until.bar]
    assert half["trades"] == [
        trade for trade in whole["trades"] if trade["timestamp"] <= until.timestamp
    ]
    assert half["manifest"] == whole["manifest"]


def test_a_run_that_is_only_queued_has_empty_curves() -> None:
    document = folded([(Queued(normalise(a_request())), None)])
    assert document == {
        "run_id": "r",
        "metrics_summary": {},
        "equity_curve": [],
        "trades": [],
        "exposures": [],
        "benchmark_curve": [],
        "logs": [],
        "manifest": None,
    }


def test_metrics_keep_their_order_and_their_gaps() -> None:
    events: list[RunEvent] = [Measured("b", 1.5), Measured("a", None), Measured("c", 3)]
    summary = folded([(event, None) for event in events])["metrics_summary"]
    assert list(summary.items()) == [("b", 1.5), ("a", None), ("c", 3)]


SEGMENTS = st.sampled_from([None, tape.encode({}), tape.encode({"equity": equity([0], [5.0])})])


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), SEGMENTS), max_size=12))
def test_any_events_in_any_order_fold_to_a_document(events: list[Recorded]) -> None:
    document = folded(events)
    assert folded(events) == document
    last = [event for event, _ in events if isinstance(event, Started)]
    manifest = msgspec.to_builtins(a_manifest()) if last else None
    assert document["manifest"] == manifest
    assert len(document["logs"]) == sum(isinstance(event, Logged) for event, _ in events)
