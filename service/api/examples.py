"""One example of each body, as values of the types themselves."""

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.analysis.analysis import TABLES
from domain.engine.leaks import Report
from domain.optimizations.lifecycle import BestTrial, SweepState
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.results import RankedTrial
from domain.runs.lifecycle import RunState
from domain.runs.request import BacktestRequest
from domain.strategies.description import describe
from domain.strategies.registry import BUILT_IN
from service.api.audit import Consistency, Rebuilt
from service.api.comparison import AlignedEquity, Comparison
from service.api.event_forms import EventPage
from service.api.health import Health, Ready
from service.api.lookahead import Search
from service.api.optimization_results import OptimizationResults
from service.api.result_types import PARTS, ROWS, Metrics, ResultsDocument
from service.audit.checkpoint import Checkpoint
from service.optimizations.statuses import OptimizationStatus
from service.statuses import RunStatus

RUN_ID = "0b6f4c1e-5d0a-4d53-9c7e-2f1a8e6b3d90"
OPTIMIZATION_ID = "7d1c9c52-3f5e-4a86-b1a4-6e0d8f2c5b17"
LOG_ID = "3c1f0a9be27d4865b3a1c2d4e5f60718"
MOMENTS = (
    "2026-01-05T09:30:00.123456+00:00",
    "2026-01-05T09:30:00.130112+00:00",
    "2026-01-05T09:30:00.412907+00:00",
)

BACKTEST = {
    "symbols": ["AAPL", "MSFT"],
    "start_date": "2000-03-01",
    "end_date": "2013-03-01",
    "strategy": {"name": "ma_crossover", "params": {"short_period": 20, "long_period": 100}},
    "execution": {"slippage_bps": 1.0, "commission_bps": 5.0},
}
OPTIMIZATION = {
    "name": "crossover of two",
    "search_space": {
        "parameters": [
            {"name": "short_period", "kind": "int_range", "low": 5, "high": 50, "step": 5},
            {"name": "long_period", "kind": "int_range", "low": 20, "high": 200, "step": 20},
        ]
    },
    "constraints": ["short_period < long_period"],
    "validation_mode": "walk_forward",
    "base_backtest": BACKTEST | {"strategy": {"name": "ma_crossover"}},
}
REQUESTS: Mapping[Any, Any] = {
    BacktestRequest: BACKTEST,
    OptimizationRequest: OPTIMIZATION,
    Search: {"moments": 20},
}


METRICS = {"total_return": 184.2, "sharpe_ratio": 0.71, "alpha": None}
COLUMNS: Mapping[str, Any] = {
    "timestamp": "2009-03-09T00:00:00+00:00",
    "entry_timestamp": "2009-03-09T00:00:00+00:00",
    "exit_timestamp": "2009-06-15T00:00:00+00:00",
    "symbol": "AAPL",
    "side": "buy",
    "type": "market",
    "status": "filled",
    "kind": "dividend",
    "rule": "market: open of the next bar",
    "name": "short_average",
    "order_id": 7,
    "entry_order_id": 7,
    "exit_order_id": 8,
    "bars": 69,
    "drawdown": -12.5,
    "reason": None,
    "reasoning": None,
    "confidence": None,
    "time_in_force": None,
    "limit": None,
    "stop": None,
    "split": None,
}
"""What a column holds, where that is no number like any other."""


def examples() -> Mapping[Any, Any]:
    """Each type of a body with its example, as JSON has it."""
    answers = [*_of_runs(), *_of_optimizations(), *_of_the_log()]
    return {
        **REQUESTS,
        **{type(each): _as_json(each) for each in answers},
        **{row: _row(row) for row in ROWS.values()},
        Metrics: METRICS,
        ResultsDocument: _results(),
        OptimizationResults: _as_json(_ranking()),
    }


def _results() -> dict[str, Any]:
    return {
        "run_id": RUN_ID,
        "metrics_summary": METRICS,
        **{curve: [_row(ROWS[part])] for part, curve in PARTS.items()},
        **{table: [] for table in TABLES},
        "logs": [{"timestamp": MOMENTS[1], "level": "info", "message": "3,270 bars"}],
        "manifest": None,
    }


def _ranking() -> OptimizationResults:
    params = {"short_period": 20, "long_period": 120}
    full: dict[str, float | int | None] = {"sharpe_ratio": 1.31}
    best = RankedTrial(1, 17, "completed", params, 1.31, 0.2, None, None, full, None, None)
    return OptimizationResults(OPTIMIZATION_ID, best, 96, [best], None, None, None, [], None)


def _row(kind: type[msgspec.Struct]) -> dict[str, Any]:
    columns = (field.encode_name for field in msgspec.structs.fields(kind))
    return {column: COLUMNS.get(column, 100.25) for column in columns}


def _of_runs() -> list[msgspec.Struct]:
    created, started, finished = MOMENTS
    return [
        RunStatus(
            run_id=RUN_ID,
            state=RunState.COMPLETED,
            progress=1.0,
            created_at=created,
            started_at=started,
            finished_at=finished,
            error=None,
            log_id=LOG_ID,
            created_by=None,
        ),
        Comparison(
            run_ids=[RUN_ID, "7d1e0a52-93c4-4f6b-8a17-b0c2d4e6f813"],
            metrics={"sharpe_ratio": [0.71, 0.64], "beta": [None, 0.93]},
            equity=AlignedEquity([created, finished], [[1e6, 1.2e6], [None, 1.1e6]]),
        ),
        Report(
            clean=True,
            moments=["2004-05-03T00:00:00+00:00"],
            seed=0,
            deterministic=True,
            leaks=[],
            notes=[],
        ),
        _strategy(),
    ]


def _strategy() -> msgspec.Struct:
    described = describe("buy_and_hold", "built_in", BUILT_IN["buy_and_hold"])
    assert described.schema is not None
    # Without its references: readers of a document follow them wherever they stand.
    (schema,) = described.schema["$defs"].values()
    return msgspec.structs.replace(described, schema=schema)


def _of_optimizations() -> list[msgspec.Struct]:
    created, started, _ = MOMENTS
    best = BestTrial(17, {"short_period": 20, "long_period": 120}, 1.31)
    return [
        OptimizationStatus(
            optimization_id=OPTIMIZATION_ID,
            name="crossover of two",
            state=SweepState.RUNNING,
            strategy="grid",
            objective_metric="sharpe_ratio",
            direction="maximize",
            max_trials=100,
            trials=96,
            trials_completed=50,
            trials_failed=0,
            trials_running=46,
            best_trial=best,
            created_at=created,
            started_at=started,
            finished_at=None,
            seconds_left=0.7,
            error=None,
            log_id=LOG_ID,
            created_by=None,
        )
    ]


def _of_the_log() -> list[msgspec.Struct]:
    event = {
        "event_id": 7,
        "run_id": RUN_ID,
        "type": "progress",
        "timestamp": MOMENTS[2],
        "payload": {"progress": 0.15, "bar": 490, "bars": 3270},
    }
    return [
        Health("healthy", "0.1.0"),
        Ready("ready", ["log", "engines", "disk"]),
        EventPage(LOG_ID, [msgspec.Raw(msgspec.json.encode(event))], 7, 42),
        Checkpoint(
            log_id=LOG_ID,
            size=310,
            root="5f" * 32,
            time=MOMENTS[2],
            public_key="a1" * 32,
            signature="c4" * 64,
        ),
        Consistency(old=100, new=310, proof=["9b" * 32]),
        Rebuilt(["runs", "optimizations"]),
    ]


def _as_json(value: msgspec.Struct) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))
