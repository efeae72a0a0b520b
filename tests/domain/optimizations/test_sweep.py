"""The course of a sweep: the same bytes whoever is faster and wherever it was cut off."""

import json
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.optimizations.batches import Plan
from domain.optimizations.events import (
    Cancelled,
    Completed,
    Failed,
    Pending,
    Progressed,
    Resumed,
    Running,
    TrialAsked,
    TrialCompleted,
    TrialFailed,
    encode,
    encode_ended,
)
from domain.optimizations.outcome import Outcome
from domain.optimizations.ranking import rank_key
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params, Trial
from domain.optimizations.sweep import Diverged, Sweep
from domain.optimizations.windows import Window
from domain.runs.events import Digest, EncodedEvent, Logged, Measured, UnknownEventType
from tests.domain.optimizations.making import (
    LONG,
    SHORT,
    SIZE,
    Course,
    a_manifest,
    a_request,
    decoded,
    judged_in_windows,
    without_states,
)

ENDS = TrialCompleted | TrialFailed
GRID = a_request(SHORT, LONG)  # 80 points
RANDOM = a_request(SHORT, SIZE, strategy="random", max_trials=20)
LEARNING = a_request(SHORT, SIZE, strategy="bayesian", max_trials=57)
AHEAD = Plan(80, 12, 2, learning=False)
WINDOWS = [Window(0, 10, 10, 20), Window(10, 20, 20, 30)]


class Remembering:
    """A sampler whose points depend on everything it was told and asked so far."""

    def __init__(self) -> None:
        self._rng = random.Random(1)
        self._untold = 0

    def ask(self, count: int) -> list[Params]:
        self._untold += count
        return [
            {"short_period": self._rng.randrange(2, 22), "position_size": self._rng.random()}
            for _ in range(count)
        ]

    def tell(self, values: Sequence[float | None]) -> None:
        self._untold -= len(values)
        assert self._untold >= 0
        self._rng = random.Random(repr((self._rng.random(), values)))


def course(request: OptimizationRequest, log: Sequence[EncodedEvent] = (), **how: Any) -> Course:
    if request is GRID:
        how.setdefault("plan", AHEAD)
    elif request is LEARNING:
        how.setdefault("sampler", Remembering())
    return Course(request, log, **how)


UNBROKEN = {id(request): course(request).run() for request in (GRID, RANDOM, LEARNING)}


@pytest.mark.parametrize("request_", [GRID, RANDOM, LEARNING], ids=["grid", "random", "learning"])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=25)
def test_whatever_the_interleaving_of_workers_the_events_are_the_same_bytes(
    request_: OptimizationRequest, seed: int
) -> None:
    assert course(request_, rng=random.Random(seed)).run() == UNBROKEN[id(request_)]


@pytest.mark.parametrize("request_", [GRID, RANDOM, LEARNING], ids=["grid", "random", "learning"])
def test_cut_at_any_event_it_goes_on_identically(request_: OptimizationRequest) -> None:
    whole = UNBROKEN[id(request_)]
    for cut in range(len(whole)):
        resumed = course(request_, whole[:cut], rng=random.Random(cut))
        assert resumed.run() == whole
        ended = {each.number for each in decoded(whole[:cut]) if isinstance(each, ENDS)}
        assert not ended & set(resumed.evaluated)


@pytest.mark.parametrize("strategy", ["random", "bayesian", "cma_es"])
def test_a_cut_sweep_of_optunas_samplers_goes_on_identically(strategy: str) -> None:
    request = a_request(SHORT, SIZE, strategy=strategy, max_trials=50, random_seed=5)
    whole = Course(request).run()
    for cut in (20, 37, 60):
        assert Course(request, whole[:cut], rng=random.Random(cut)).run() == whole


@given(cuts=st.lists(st.integers(1, 140), max_size=4), seed=st.integers(0, 2**32))
@settings(max_examples=20)
def test_cancelled_and_resumed_again_and_again_it_finds_the_same(
    cuts: list[int], seed: int
) -> None:
    log: list[EncodedEvent] = []
    rng = random.Random(seed)
    for cut in sorted(cuts):
        log = course(LEARNING, log, rng=rng).run(until=max(cut, len(log) + 1))
        log += [encode(Cancelled("running")), encode(Resumed(previous_state="cancelled"))]
    log = course(LEARNING, log, rng=rng).run()
    whole = UNBROKEN[id(LEARNING)]
    assert without_states(log) == without_states(whole)
    assert log[-1] == whole[-1]  # the digest too


def test_the_order_of_a_learning_sweep() -> None:
    events = decoded(UNBROKEN[id(LEARNING)])
    assert isinstance(events[0], Running)
    assert events[1] == Logged("made up", "warning")
    phases = "".join(
        "a" if isinstance(each, TrialAsked) else "e"
        for each in events
        if isinstance(each, TrialAsked | ENDS)
    )
    assert phases == 3 * (16 * "a" + 16 * "e") + 9 * "a" + 9 * "e"


def test_one_that_does_not_learn_is_asked_a_batch_ahead() -> None:
    asked, ended, seen = 0, 0, []
    for each in decoded(UNBROKEN[id(GRID)]):
        if isinstance(each, TrialAsked):
            if asked % 12 == 0:
                seen.append((asked, ended))
            assert each.number == asked
            asked += 1
        elif isinstance(each, ENDS):
            assert each.number == ended < asked
            ended += 1
    assert seen == [(0, 0), (12, 0), (24, 12), (36, 24), (48, 36), (60, 48), (72, 60)]
    assert (asked, ended) == (80, 80)


@pytest.mark.parametrize("trials", [1, 2, 49, 50, 51, 500])
def test_progress_comes_fifty_times_at_most_and_at_the_end(trials: int) -> None:
    parameter = {"name": "short_period", "kind": "int_range", "low": 1, "high": trials + 1}
    request = a_request(parameter, strategy="random", max_trials=trials)
    progress = [each for each in decoded(Course(request).run()) if isinstance(each, Progressed)]
    assert len(progress) == min(trials, 50)
    assert progress[-1].progress == 1.0
    assert progress[-1].trial == progress[-1].trials == trials


def test_the_sampler_is_told_each_batch_before_the_next() -> None:
    told: list[list[float | None]] = []

    class Listening(Remembering):
        def tell(self, values: Sequence[float | None]) -> None:
            told.append(list(values))
            super().tell(values)

    log = course(LEARNING, sampler=Listening(), rng=random.Random(3)).run()
    values = [each.value for each in decoded(log) if isinstance(each, ENDS)]
    assert told == [[], values[:16], values[16:32], values[32:48]]


def test_the_last_events_are_progress_the_best_trials_metrics_and_the_digest() -> None:
    log = UNBROKEN[id(GRID)]
    *_, progressed, first, second, completed = decoded(log)
    ended = [each for each in decoded(log) if isinstance(each, TrialCompleted)]
    best = min(ended, key=lambda each: rank_key(each.value, each.number, "maximize", failed=False))
    assert progressed.best == best.number
    assert progressed.best_value == best.value
    assert best.full is not None
    assert [first, second] == [Measured(*item) for item in best.full.items()]
    digest = Digest()
    digest.add([log[0], *without_states(log)])
    assert completed == Completed(digest.hexdigest())


def test_ties_go_to_the_lower_number_and_minimizing_turns_the_order_round() -> None:
    def constant(trial: Trial) -> Outcome:
        return Outcome(trial.number, trial.params, value=float(trial.number // 2), full={})

    for direction, best in (("maximize", 18), ("minimize", 0)):
        log = Course(a_request(direction=direction), judge=constant).run()
        last = [each for each in decoded(log) if isinstance(each, Progressed)][-1]
        assert last.best == best


def test_where_all_trials_fail_so_does_the_sweep_with_the_first_reason() -> None:
    def fails(trial: Trial) -> Outcome:
        return Outcome(trial.number, trial.params, error=f"no {trial.number}")

    log = Course(a_request(), judge=fails).run()
    assert decoded(log)[-1] == Failed("all 20 trials failed; the first: no 0", "running")
    assert decoded(log)[-2].best is None
    log.append(encode(Resumed(previous_state="failed")))
    again = Course(a_request(), log, judge=fails)
    assert [type(each) for each in decoded(again.run())[-2:]] == [Running, Failed]
    assert again.evaluated == []


def test_where_no_objective_is_defined_the_sweep_completes_without_a_best() -> None:
    def undefined(trial: Trial) -> Outcome:
        return Outcome(trial.number, trial.params, full={"total_trades": 0})

    *_, progressed, measured, completed = decoded(Course(a_request(), judge=undefined).run())
    assert (progressed.best, progressed.best_value) == (None, None)
    assert measured == Measured("total_trades", 0)
    assert isinstance(completed, Completed)


def test_a_walk_forward_ends_with_its_windows_and_their_equity() -> None:
    manifest = a_manifest(WINDOWS)
    request = a_request(SHORT, LONG, validation_mode="walk_forward")
    log = Course(request, judge=judged_in_windows, manifest=manifest).run()
    for cut in (5, 100, len(log) - 4, len(log) - 1):
        resumed = Course(
            request,
            log[:cut],
            judge=judged_in_windows,
            manifest=manifest,
            rng=random.Random(cut),
        )
        assert resumed.run() == log
    last = next(event for event in reversed(log) if event.type == "progress")
    assert last.attachment == b"equity"
    picked = json.loads(last.payload)["walk_forward"]
    payloads = [json.loads(event.payload) for event in log if event.type == "trial"]
    scored = [payload for payload in payloads if payload.get("windows")]
    for index, (window, pick) in enumerate(zip(WINDOWS, picked, strict=True)):
        best = max(scored, key=lambda each: (each["windows"][index][0], -each["number"]))
        in_sample, out_of_sample = best["windows"][index]
        assert pick == {
            **window.dates(),
            "trial": best["number"],
            "params": best["params"],
            "in_sample": in_sample,
            "out_of_sample": out_of_sample,
        }


def test_a_sampler_that_chooses_otherwise_than_the_log_says_is_named_by_trial() -> None:
    whole = UNBROKEN[id(LEARNING)]
    other = msgspec.structs.replace(LEARNING, random_seed=1)

    class Other(Remembering):
        def tell(self, values: Sequence[float | None]) -> None:
            super().tell([*values[:-1], 0.5] if values else [])

    with pytest.raises(Diverged, match=r"^trial 16: the log holds .*, the sampler now chooses "):
        course(other, whole[:60], sampler=Other()).run()


def test_a_sampler_that_runs_out_is_refused() -> None:
    class Short(Remembering):
        def ask(self, count: int) -> list[Params]:
            return super().ask(count - 1)

    with pytest.raises(Diverged, match="the sampler chose 15 points, 16 were asked for"):
        course(LEARNING, sampler=Short()).run()


def test_other_data_than_before_are_named() -> None:
    log = course(GRID).run(until=30)
    other = a_manifest(data=[], periods_per_year=365)
    with pytest.raises(Diverged, match=r"evaluated with another data, periods_per_year$"):
        course(GRID, log, manifest=other)


def a_sweep(log: Sequence[EncodedEvent] = ()) -> Sweep:
    sweep = course(GRID, log).sweep
    for batch in range(2):
        assert sweep.question() == ([], 12)
        assert sweep.question() is None
        sweep.answer([{"short_period": 2 + batch, "long_period": each} for each in range(12)])
    assert sweep.question() is None
    return sweep


def test_nothing_counts_before_it_is_in_the_log() -> None:
    sweep = a_sweep()
    events = sweep.events()
    assert len(events) == 2 + 24
    assert sweep.events() == events
    assert sweep.due(100) == []
    for event in events:
        sweep.add(event)
    assert sweep.events() == []
    assert [trial.number for trial in sweep.due(5)] == [0, 1, 2, 3, 4]
    assert [trial.number for trial in sweep.due(100)] == list(range(5, 24))
    assert sweep.due(100) == []


def test_nothing_is_written_before_the_data_are_known() -> None:
    sweep = Sweep(Pending(GRID, 80))
    assert sweep.question() == ([], 80)
    assert sweep.events() == []


def test_an_event_of_another_time_stops_it() -> None:
    with pytest.raises(UnknownEventType, match="divination"):
        Course(GRID).sweep.add(EncodedEvent("divination", b"{}"))


def test_ends_that_come_twice_or_late_are_ignored() -> None:
    sweep = a_sweep()
    for event in sweep.events():
        sweep.add(event)
    (first, *_) = sweep.due(1)
    end = encode_ended(Outcome(0, first.params, value=1.0, full={}))
    never_asked = encode_ended(Outcome(70, {}, value=1.0, full={}))
    sweep.ended([end, end, never_asked])
    assert sweep.events()[0] == end
    for event in sweep.events():
        sweep.add(event)
    sweep.ended([end])
    assert end not in sweep.events()
