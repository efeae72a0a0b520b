"""The results document as a fold over a sweep's events, at any of them."""

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import pytest

from domain.optimizations.applying import placed
from domain.optimizations.events import Pending, Progressed, Stitched, encode
from domain.optimizations.request import OptimizationRequest, trials_of
from domain.optimizations.results import SweepResultsFold, ranked
from domain.optimizations.stitching import encode_equity
from domain.runs.events import EncodedEvent
from domain.runs.request import BacktestRequest
from tests.domain.optimizations.making import LONG, SHORT, Course, a_request, decoded

REQUEST = a_request(SHORT, LONG, objective_metric="sharpe_ratio")
LOG = [encode(Pending(REQUEST, trials_of(REQUEST))), *Course(REQUEST).run()]


def folded(log: Sequence[EncodedEvent]) -> SweepResultsFold:
    fold = SweepResultsFold("s")
    for event_id, event in enumerate(log, start=1):
        fold.add(event, event_id, event_id * 1_000_000)
    return fold


def page(fold: SweepResultsFold, log: Sequence[EncodedEvent], after: int, limit: int) -> Any:
    rows = enumerate(fold.ranking(after, limit), start=after + 1)
    trials = [ranked(rank, log[event_id - 1].payload) for rank, event_id in rows]
    return json.loads(b"".join(fold.document(trials)), parse_constant=pytest.fail)


DOCUMENT = page(folded(LOG), LOG, 0, 1_000)


def test_all_trials_are_ranked_by_the_objective() -> None:
    trials = DOCUMENT["all_trials"]
    assert DOCUMENT["trials"] == len(trials) == 80
    assert [trial["rank"] for trial in trials] == list(range(1, 81))
    valued = [(-trial["value"], trial["number"]) for trial in trials if trial["value"] is not None]
    assert valued == sorted(valued)
    states = [(trial["state"], trial["value"] is None) for trial in trials]
    assert states == sorted(states, key=[
        ("completed", False), ("completed", True), ("failed", True),
    ].index)  # fmt: skip
    assert {trial["number"] for trial in trials} == set(range(80))


def test_a_trial_has_everything_that_came_of_it() -> None:
    best = DOCUMENT["all_trials"][0]
    assert best == DOCUMENT["best_trial"] == {
        "rank": 1,
        "number": best["number"],
        "state": "completed",
        "params": best["params"],
        "value": best["value"],
        "gap": None,
        "train": None,
        "validation": None,
        "full": {"sharpe_ratio": best["value"], "total_trades": best["number"]},
        "windows": None,
        "error": None,
    }  # fmt: skip
    last = DOCUMENT["all_trials"][-1]
    assert (last["state"], last["error"]) == ("failed", "StrategyFailed: no")


def test_pages_of_the_ranking_join_up() -> None:
    fold = folded(LOG)
    pages = [page(fold, LOG, after, 30)["all_trials"] for after in (0, 30, 60, 90)]
    assert [len(each) for each in pages] == [30, 30, 20, 0]
    assert list(chain.from_iterable(pages)) == DOCUMENT["all_trials"]


def test_the_best_trial_can_be_posted_as_a_backtest() -> None:
    replay = msgspec.convert(DOCUMENT["replay_backtest"], BacktestRequest)
    assert replay == placed(REQUEST.base_backtest, DOCUMENT["best_trial"]["params"])


def test_the_rest_of_the_document() -> None:
    assert list(DOCUMENT) == [
        "optimization_id", "best_trial", "trials", "all_trials", "replay_backtest",
        "walk_forward", "diagnostics", "logs", "manifest",
    ]  # fmt: skip
    assert DOCUMENT["optimization_id"] == "s"
    assert DOCUMENT["walk_forward"] is None
    assert DOCUMENT["logs"] == [
        {"timestamp": "1970-01-01T00:00:03+00:00", "level": "warning", "message": "made up"}
    ]
    assert DOCUMENT["manifest"]["data"][0]["sha256"] == "ab" * 32
    completed = [trial for trial in DOCUMENT["all_trials"] if trial["state"] == "completed"]
    assert DOCUMENT["diagnostics"]["trials"] == len(completed)
    assert DOCUMENT["diagnostics"]["sharpe"]["trial"] == DOCUMENT["best_trial"]["number"]


@pytest.mark.parametrize("at_event", [1, 2, 3, 82, 83, 100, len(LOG)])
def test_the_results_at_any_event(at_event: int) -> None:
    then = page(folded(LOG[:at_event]), LOG, 0, 1_000)
    ended = [each for each in decoded(LOG[:at_event]) if getattr(each, "error", 0) != 0]
    assert then["trials"] == len(then["all_trials"]) == len(ended)
    assert (then["best_trial"] is None) == all(each.value is None for each in ended)
    assert (then["replay_backtest"] is None) == (then["best_trial"] is None)
    assert (then["manifest"] is None) == (then["diagnostics"] is None) == (at_event < 2)


def test_a_walk_forward_has_its_windows_and_the_equity_traded_after_them() -> None:
    request: OptimizationRequest = a_request(validation_mode="walk_forward")
    days = np.arange(3)
    equity = encode_equity(days, np.array([100.0, 101.0, 99.5]), np.array([0, 0, 1]))
    stitched = Stitched("2020-01-01", "2020-02-01", "2020-02-02", "2020-03-01", 3, {}, 1.5, None)
    last = Progressed(1.0, 20, 20, 0, 3, 1.5, [stitched])
    fold = folded([encode(Pending(request, 20)), encode(last, equity)])
    found = json.loads(b"".join(fold.document([])))["walk_forward"]
    assert found["windows"] == [msgspec.to_builtins(stitched)]
    assert found["equity_curve"] == [
        {"timestamp": "1970-01-01T00:00:00+00:00", "value": 100.0, "window": 0},
        {"timestamp": "1970-01-02T00:00:00+00:00", "value": 101.0, "window": 0},
        {"timestamp": "1970-01-03T00:00:00+00:00", "value": 99.5, "window": 1},
    ]
