"""The results document: a fold over events, whatever stretches they cover."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.engine import tape
from domain.market.resolution import Resolution
from domain.runs.events import Logged, Measured, Progressed, Queued, RunEvent, Started
from domain.runs.request import normalise
from tests.domain.engine.building import bars, request_for, run
from tests.domain.runs.making import EVENTS, Recorded, a_manifest, a_request, column, equity, folded

DAY = Resolution.DAY.microseconds
HOUR = Resolution.HOUR.microseconds


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
        "run_id", "metrics_summary", "equity_curve", "trades", "orders", "round_trips",
        "cash_events", "actions", "exposures", "benchmark_curve", "recorded", "rolling",
        "exposure_curve", "monthly_returns", "yearly_returns", "drawdowns", "contributions",
        "logs", "manifest",
    ]  # fmt: skip
    assert document["run_id"] == "r"
    assert len(document["equity_curve"]) == len(document["benchmark_curve"]) == 350
    metrics = document["metrics_summary"]
    assert metrics["final_value"] == document["equity_curve"][-1]["value"]
    assert metrics["total_fills"] == len(document["trades"]) > 50
    assert list(document["trades"][0]) == [
        "symbol", "timestamp", "side", "quantity", "price", "commission", "order_id", "slippage",
        "rule", "reasoning", "confidence",
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


def test_what_is_derived_from_the_whole_run() -> None:
    document = folded(a_whole_run())
    metrics, curve = document["metrics_summary"], document["equity_curve"]
    assert metrics["total_trades"] == len(document["round_trips"]) > 20
    profits = column(document["round_trips"], "profit")
    assert min(profits) == metrics["largest_loss"]
    statuses = column(document["orders"], "status")
    fills = statuses.count("filled") + statuses.count("partially_filled")
    assert fills == len(document["trades"])
    for name in ("rolling", "exposure_curve"):
        assert column(document[name], "timestamp") == column(curve, "timestamp")
    assert column(document["rolling"], "drawdown") == column(curve, "drawdown")
    assert document["drawdowns"][0]["depth"] == metrics["max_drawdown"]
    assert document["drawdowns"][0]["days"] == metrics["max_drawdown_duration_days"]
    growth = np.prod([1 + row["return"] / 100 for row in document["monthly_returns"]])
    assert 100 * (growth - 1) == pytest.approx(metrics["total_return"])
    assert [row["year"] for row in document["yearly_returns"]] == ["2024"]
    assert document["yearly_returns"][0]["return"] == pytest.approx(metrics["total_return"])
    benchmark = document["benchmark_curve"][-1]["value"] / 1_000 - 1
    assert document["yearly_returns"][0]["benchmark_return"] == pytest.approx(100 * benchmark)
    (only,) = document["contributions"]
    assert only["symbol"] == "A"
    assert only["profit"] == pytest.approx(metrics["final_value"] - 1_000)
    assert only["contribution"] == pytest.approx(metrics["total_return"])


def test_the_last_rolling_figures_are_those_of_the_last_half_year() -> None:
    document = folded(a_whole_run())
    days = document["manifest"]["periods_per_year"] // 2
    returns = np.array(column(document["equity_curve"], "daily_return"))[-days:] / 100
    last = document["rolling"][-1]
    year = document["manifest"]["periods_per_year"]
    deviation = returns.std(ddof=1)
    assert last["volatility"] == pytest.approx(100 * deviation * year**0.5)
    assert last["sharpe_ratio"] == pytest.approx(returns.mean() / deviation * year**0.5)
    assert document["rolling"][days - 2]["volatility"] is None
    assert document["rolling"][days - 1]["volatility"] is not None


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
        "orders": [],
        "round_trips": [],
        "cash_events": [],
        "actions": [],
        "exposures": [],
        "benchmark_curve": [],
        "recorded": [],
        "rolling": [],
        "exposure_curve": [],
        "monthly_returns": [],
        "yearly_returns": [],
        "drawdowns": [],
        "contributions": [],
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
