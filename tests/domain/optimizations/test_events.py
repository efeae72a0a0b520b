"""The events of a sweep: their types, their bytes, and that they survive the log."""

import json

import msgspec
import pytest

from domain.optimizations.events import (
    EVENT_TYPES,
    Cancelled,
    Completed,
    Failed,
    Pending,
    Progressed,
    Resumed,
    Running,
    Stitched,
    SweepEvent,
    TrialAsked,
    TrialCompleted,
    TrialFailed,
    code_of,
    decode,
    encode,
    encode_ended,
)
from domain.optimizations.manifest import describe
from domain.optimizations.outcome import Outcome, WindowScore
from domain.optimizations.windows import Window
from domain.runs import request as runs
from domain.runs.events import CodeReference, Logged, Measured, UnknownEventType
from domain.runs.manifest import Manifest
from domain.strategies.code import Code
from tests.domain.optimizations.making import LONG, SHORT, SIZE, a_manifest, a_request

REQUEST = a_request(SHORT, LONG, SIZE, strategy="bayesian", constraints=["short_period < 9"])
PARAMS = {"short_period": 5, "position_size": 0.5, "symbols": ["AAPL"], "mode": "fast"}
METRICS = {"sharpe_ratio": 1.25, "total_trades": 3, "win_rate": None}
STITCHED = Stitched("2020-01-01", "2020-02-01", "2020-02-02", "2020-03-01", 3, PARAMS, 1.5, None)

EVENTS: list[SweepEvent] = [
    Pending(REQUEST, 100),
    Pending(REQUEST, 100, code=CodeReference("mine", "", "ab" * 32)),
    Resumed(previous_state="failed"),
    Resumed(previous_state="cancelled"),
    Running(a_manifest([Window(0, 5, 5, 9)])),
    TrialAsked(0, PARAMS),
    TrialCompleted(0, PARAMS, 1.5, 0.25, METRICS, METRICS, METRICS, [WindowScore(1.0, None)]),
    TrialCompleted(1, PARAMS, None, None, None, None, METRICS),
    TrialFailed(2, PARAMS, "StrategyFailed: no"),
    Progressed(0.5, 50, 100, 1, 0, 1.5),
    Progressed(1.0, 100, 100, 100, None, None, [STITCHED]),
    Measured("sharpe_ratio", 1.5),
    Logged("a warning", "warning"),
    Completed("cd" * 32),
    Failed("no data", "pending"),
    Cancelled("running"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives_the_log(event: SweepEvent) -> None:
    encoded = encode(event, b"attached")
    assert encoded.type in EVENT_TYPES
    assert decode(encoded.type, encoded.payload) == event
    assert encode(event, b"attached") == encoded


def test_the_states_on_the_wire() -> None:
    states = [json.loads(encode(each).payload) for each in EVENTS]
    assert {each["state"]: each["previous_state"] for each in states[4:] if "state" in each} == {
        "running": "pending",
        "completed": "running",
        "failed": "pending",
        "cancelled": "running",
    }
    assert states[0]["state"] == "pending"
    assert states[0]["previous_state"] is None
    assert states[2] == {"state": "pending", "previous_state": "failed", "resumed": True}


def test_the_trials_on_the_wire() -> None:
    assert json.loads(encode(EVENTS[5]).payload) == {
        "phase": "asked", "number": 0, "params": PARAMS,
    }  # fmt: skip
    assert json.loads(encode(EVENTS[6]).payload) == {
        "phase": "completed", "number": 0, "params": PARAMS, "value": 1.5, "gap": 0.25,
        "train": METRICS, "validation": METRICS, "full": METRICS, "windows": [[1.0, None]],
        "error": None,
    }  # fmt: skip
    assert json.loads(encode(EVENTS[8]).payload) == {
        "phase": "failed", "number": 2, "params": PARAMS, "error": "StrategyFailed: no",
        "value": None, "gap": None, "train": None, "validation": None, "full": None,
        "windows": None,
    }  # fmt: skip


def test_an_outcome_becomes_the_end_of_its_trial() -> None:
    outcome = Outcome(
        1, PARAMS, 1.5, METRICS, METRICS, METRICS, 0.5, [WindowScore(1.0, 2.0)], b"moments"
    )
    end = TrialCompleted(1, PARAMS, 1.5, 0.5, METRICS, METRICS, METRICS, [WindowScore(1.0, 2.0)])
    assert encode_ended(outcome) == encode(end, b"moments")
    failed = Outcome(2, PARAMS, error="x\ud800" * 2_000)
    assert encode_ended(failed) == encode(TrialFailed(2, PARAMS, "x?" * 1_000))


def test_a_type_of_another_time_stops_the_reader() -> None:
    with pytest.raises(UnknownEventType, match="a sweep's stream holds an event of unknown type"):
        decode("divination", b"{}")
    with pytest.raises(msgspec.ValidationError):
        decode("state", b'{"state":"paused"}')


def test_the_source_of_a_users_strategy() -> None:
    code = Code("mine", "", b"pass")
    pending = Pending(REQUEST, 100, code=CodeReference.of(code))
    assert code_of(pending, b"pass") == code
    assert code_of(pending, None) is None
    assert code_of(Pending(REQUEST, 100), b"pass") is None


def test_the_manifest_names_what_chooses_the_points() -> None:
    base = REQUEST.base_backtest
    assert isinstance(base, runs.BacktestRequest)
    manifest = Manifest("0.1.0", "3.11.0", {"numpy": "2.0"}, base, "ab", [], None, 365, ["made up"])
    windows = [Window(0, 5, 5, 9)]
    described = describe(manifest, "cma_es", windows)
    assert list(described.libraries) == ["numpy", "optuna", "cmaes"]
    assert (described.windows, described.warnings) == (windows, ["made up"])
    assert (described.strategy_sha256, described.periods_per_year) == ("ab", 365)
    assert describe(manifest, "grid", []).libraries == {"numpy": "2.0"}
