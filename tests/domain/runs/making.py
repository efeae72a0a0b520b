"""Requests, manifests and events to test with."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from domain.market.bars import TIMESTAMP_TYPE
from domain.market.resolution import Resolution
from domain.runs.curves import CURVES
from domain.runs.events import (
    Cancelled,
    Completed,
    Failed,
    Logged,
    Measured,
    Progressed,
    Queued,
    RunEvent,
    Started,
)
from domain.runs.manifest import Dataset, Manifest
from domain.runs.request import BacktestRequest, normalise
from domain.runs.results import ResultsFold

DEFAULTS: dict[str, Any] = {
    "resolution": "day",
    "strategy": {"name": "buy_and_hold", "params": {"position_size": 1.0}},
    "execution": {
        "slippage_bps": 0.0,
        "commission_bps": 0.0,
        "commission_per_share": 0.0,
        "commission_minimum": 0.0,
        "latency_ms": 0.0,
        "lot_size": None,
        "max_volume_participation": None,
        "allow_short": False,
        "max_leverage": 1.0,
        "borrow_bps": 0.0,
        "warmup_bars": 0,
        "rebalance": "on_change",
        "risk_free_rate": 0.0,
    },
    "initial_capital": 1_000_000.0,
    "currency": "USD",
    "timezone": "UTC",
    "data_source": "catalog",
    "benchmark_symbol": None,
    "name": None,
    "tags": None,
}
"""What the contract says of a request's fields that are left out."""


def a_request(**fields: Any) -> BacktestRequest:
    given = {"symbols": ["AAPL"], "start_date": "2024-01-01", "end_date": "2024-12-31"} | fields
    return BacktestRequest(**given)


def a_manifest() -> Manifest:
    data = Dataset("AAPL", "catalog", 2, 0, 86_400_000_000, "ab" * 32, Resolution.MINUTE)
    return Manifest(
        engine="0.1.0",
        python="3.11.0",
        libraries={"numpy": "2.0"},
        request=normalise(a_request()),
        strategy_sha256=None,
        data=[data],
        benchmark=None,
        periods_per_year=252,
        warnings=["made up"],
    )


EVENTS: list[RunEvent] = [
    Queued(normalise(a_request(tags={"desk": "Zürich"}))),
    Started(a_manifest()),
    Progressed(0.5, 1, 2, "1970-01-01T00:00:00+00:00", 1_000.1),
    Logged("a line"),
    Logged("a warning", "warning"),
    Measured("sharpe_ratio", 1.5),
    Measured("total_trades", 3),
    Measured("win_rate", None),
    Completed("cd" * 32),
    Failed("no data", "queued"),
    Failed("it broke", "running"),
    Cancelled("queued"),
    Cancelled("running"),
]


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


def equity(moments: Sequence[int], values: Sequence[float]) -> pl.DataFrame:
    """Rows of which a quarter is cash."""
    value = np.array(values, dtype=np.float64)
    timestamp = pl.Series(moments, dtype=pl.Int64).cast(TIMESTAMP_TYPE)
    return pl.DataFrame({"timestamp": timestamp, "cash": value / 4, "positions": value * 3 / 4})


def column(found: list[dict[str, Any]], name: str) -> list[Any]:
    return [point[name] for point in found]
