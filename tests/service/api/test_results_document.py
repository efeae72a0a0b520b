"""The results document: every documented key, and figures that follow from the trades."""

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from domain.market.bars import Bars
from domain.market.moments import since_epoch
from domain.market.resolution import Resolution
from tests.service.api.running import REAL, Document, Service

SLIPPAGE, COMMISSION = 2.0 / 10_000, 1.0 / 10_000

METRICS = {
    "initial_capital", "final_value", "total_return", "annualized_return", "volatility",
    "sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown", "max_drawdown_duration_days",
    "var_95", "cvar_95", "skewness", "kurtosis", "total_trades", "win_rate", "profit_factor",
    "average_win", "average_loss", "largest_win", "largest_loss", "total_commissions",
    "total_slippage_cost", "exposure_time", "turnover", "total_fills",
}  # fmt: skip
AGAINST_BENCHMARK = {"alpha", "beta", "information_ratio", "tracking_error"}


@pytest.fixture(scope="module")
async def results(service: Service) -> Document:
    return await service.results(await service.completed(REAL | {"benchmark_symbol": "GOOG"}))


def column(rows: list[Document], name: str) -> Any:
    return np.array([row[name] for row in rows])


def moment(row: Document) -> int:
    return since_epoch(datetime.fromisoformat(row["timestamp"]))


async def test_the_document_has_the_documented_parts(service: Service) -> None:
    run_id = await service.completed(REAL)
    response = await service.http.get(f"/backtests/{run_id}/results")
    results = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert list(results) == [
        "run_id", "metrics_summary", "equity_curve", "trades", "orders", "round_trips",
        "cash_events", "actions", "exposures", "benchmark_curve", "recorded", "rolling",
        "exposure_curve", "monthly_returns", "yearly_returns", "drawdowns", "contributions",
        "logs", "manifest",
    ]  # fmt: skip
    assert results["run_id"] == run_id
    assert set(results["metrics_summary"]) == METRICS
    assert (results["benchmark_curve"], results["logs"]) == ([], [])


async def test_a_benchmark_adds_its_metrics_and_its_curve(results: Document) -> None:
    assert set(results["metrics_summary"]) == METRICS | AGAINST_BENCHMARK
    assert list(results["benchmark_curve"][0]) == ["timestamp", "value"]
    assert results["benchmark_curve"][0]["value"] == 1_000_000.0
    assert results["manifest"]["benchmark"]["symbol"] == "GOOG"


async def test_a_metric_that_is_undefined_is_null(service: Service) -> None:
    no_trade = {**REAL, "end_date": "2005-01-20T00:00:00Z"}
    metrics = (await service.results(await service.completed(no_trade)))["metrics_summary"]
    assert set(metrics) == METRICS
    assert (metrics["sharpe_ratio"], metrics["win_rate"], metrics["profit_factor"]) == (None,) * 3
    assert (metrics["total_trades"], metrics["final_value"]) == (0, 1_000_000.0)


async def test_the_rows_have_the_documented_keys(results: Document) -> None:
    assert list(results["equity_curve"][0]) == [
        "timestamp", "value", "equity", "cash", "positions", "total_pnl", "returns",
        "daily_return", "drawdown",
    ]  # fmt: skip
    assert list(results["trades"][0]) == [
        "symbol", "timestamp", "side", "quantity", "price", "commission", "order_id", "slippage",
        "rule", "reasoning", "confidence",
    ]  # fmt: skip
    assert list(results["exposures"][0]) == [
        "timestamp", "symbol", "quantity", "price", "value", "weight"
    ]  # fmt: skip
    rows = [*results["equity_curve"], *results["trades"], *results["exposures"]]
    assert all(row["timestamp"].endswith("+00:00") for row in rows)
    assert {trade["side"] for trade in results["trades"]} == {"buy", "sell"}
    assert {trade["rule"] for trade in results["trades"]} == {"open"}


async def test_the_manifest_says_with_what_the_run_was_made(results: Document) -> None:
    manifest = results["manifest"]
    assert list(manifest) == [
        "engine", "python", "libraries", "request", "strategy_sha256", "data", "benchmark",
        "periods_per_year", "warnings",
    ]  # fmt: skip
    assert [data["symbol"] for data in manifest["data"]] == REAL["symbols"]
    assert all(data["source"] == "catalog" for data in manifest["data"])
    assert all(len(data["sha256"]) == 64 for data in manifest["data"])
    assert manifest["strategy_sha256"] is None
    assert manifest["request"]["strategy"]["params"] == {
        "short_period": 20, "long_period": 100, "position_size": 1.0
    }  # fmt: skip
    assert (manifest["request"]["timezone"], manifest["request"]["currency"]) == ("UTC", "USD")


async def test_the_equity_curve_follows_from_the_trades_and_the_closes(
    service: Service, results: Document
) -> None:
    curve = results["equity_curve"]
    moments = np.array([moment(point) for point in curve])
    cash, held = 1_000_000.0 + np.zeros(len(curve)), np.zeros(len(curve))
    for symbol in REAL["symbols"]:
        bars = prices(service, symbol)
        latest = np.searchsorted(bars.timestamp, moments, side="right") - 1
        quantity = np.zeros(len(curve))
        for trade in results["trades"]:
            if trade["symbol"] != symbol:
                continue
            since = np.searchsorted(moments, moment(trade))
            signed = trade["quantity"] * (1 if trade["side"] == "buy" else -1)
            quantity[since:] += signed
            cash[since:] -= signed * trade["price"] + trade["commission"]
        held += quantity * bars.close[latest]
    np.testing.assert_allclose(column(curve, "cash"), cash, rtol=0, atol=1e-4)
    np.testing.assert_allclose(column(curve, "positions"), held, rtol=0, atol=1e-4)


async def test_a_trade_is_made_at_the_open_moved_by_slippage(
    service: Service, results: Document
) -> None:
    for trade in results["trades"]:
        bars = prices(service, trade["symbol"])
        (row,) = np.flatnonzero(bars.timestamp == moment(trade))
        against = 1 if trade["side"] == "buy" else -1
        assert trade["price"] == pytest.approx(bars.open[row] * (1 + against * SLIPPAGE))
        notional = trade["quantity"] * trade["price"]
        assert trade["commission"] == pytest.approx(notional * COMMISSION)
        moved = abs(trade["price"] - bars.open[row])
        assert trade["slippage"] == pytest.approx(trade["quantity"] * moved)
    order_ids = [trade["order_id"] for trade in results["trades"]]
    assert len(set(order_ids)) == len(order_ids)


async def test_the_derived_columns_follow_from_the_value(results: Document) -> None:
    curve = results["equity_curve"]
    value = column(curve, "value")
    np.testing.assert_array_equal(column(curve, "equity"), value)
    np.testing.assert_allclose(column(curve, "cash") + column(curve, "positions"), value)
    np.testing.assert_allclose(column(curve, "total_pnl"), value - 1e6, atol=1e-6)
    np.testing.assert_allclose(column(curve, "returns"), (value / 1e6 - 1) * 100, atol=1e-9)
    before = np.append(1e6, value[:-1])
    np.testing.assert_allclose(column(curve, "daily_return"), (value / before - 1) * 100, atol=1e-9)
    peak = np.maximum.accumulate(np.append(1e6, value))[1:]
    np.testing.assert_allclose(column(curve, "drawdown"), (1 - value / peak) * 100, atol=1e-9)


async def test_the_metrics_follow_from_the_rows(results: Document) -> None:
    metrics, trades = results["metrics_summary"], results["trades"]
    curve = results["equity_curve"]
    assert metrics["final_value"] == curve[-1]["value"]
    assert metrics["total_return"] == pytest.approx(curve[-1]["returns"])
    assert metrics["max_drawdown"] == pytest.approx(column(curve, "drawdown").max())
    assert metrics["total_fills"] == len(trades)
    assert metrics["total_commissions"] == pytest.approx(column(trades, "commission").sum())
    assert metrics["total_slippage_cost"] == pytest.approx(column(trades, "slippage").sum())
    in_market = np.count_nonzero(column(curve, "positions"))
    assert metrics["exposure_time"] == pytest.approx(100 * in_market / len(curve))


async def test_the_exposures_are_the_positions_of_each_day(results: Document) -> None:
    held: dict[str, float] = {}
    for row in results["exposures"]:
        assert row["value"] == pytest.approx(row["quantity"] * row["price"])
        held[row["timestamp"]] = held.get(row["timestamp"], 0.0) + row["value"]
    for point in results["equity_curve"]:
        assert held.get(point["timestamp"], 0.0) == pytest.approx(point["positions"])


def prices(service: Service, symbol: str) -> Bars:
    """The catalog's daily bars of a symbol, all of them."""
    return service.market.load(symbol, Resolution.DAY, 0, 2**52, "UTC").bars
