"""What evaluating trials gives: ranges that do not see each other, scores, moments, errors."""

from typing import Any

import msgspec
import numpy as np
import pytest

from domain.engine.metrics import Metrics
from domain.engine.return_metrics import daily_returns
from domain.errors import DomainError
from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import MICROSECONDS_PER_DAY
from domain.optimizations.evaluation import Evaluator
from domain.optimizations.search_space import Params
from domain.optimizations.statistics import blocks
from domain.optimizations.stitching import decode_equity, encode_equity
from domain.optimizations.trading import sum_blocks
from domain.runs.manifest import Provided
from domain.strategies.code import Code
from tests.domain.optimizations.evaluating import Sweep, backtest
from tests.domain.optimizations.test_trials_equal_backtests import (
    ACTED,
    CROSSINGS,
    EVENT,
    EXPLAINING,
    HOLED,
    SIGNAL,
)

VARIED = ["short_period", "long_period"]
HOLDOUT = {"validation_mode": "holdout", "validation_fraction": 0.4}
WALK: dict[str, Any] = {"validation_mode": "walk_forward", "walk_forward_windows": 3}


def crossings(**settings: Any) -> Sweep:
    return Sweep(HOLED, "ma_crossover", varied=VARIED, actions=ACTED, **settings)


def until(data: list[Bars], day: int) -> list[Bars]:
    stops = [int(np.searchsorted(each.timestamp, day * MICROSECONDS_PER_DAY)) for each in data]
    return [each.part(0, stop) for each, stop in zip(data, stops, strict=True)]


def window_backtest(sweep: Sweep, params: Params, start: int, stop: int) -> Metrics:
    """The backtest of a range by hand: all before it is there to warm up on, nothing after it."""
    given = {}
    for each in until([each.bars for each in sweep.data.values()], stop):
        before = int(np.searchsorted(each.timestamp, start * MICROSECONDS_PER_DAY))
        its = sweep.data[each.symbol]
        given[each.symbol] = Provided(each, "catalog", None, its.actions, before)
    warm = msgspec.structs.replace(sweep.base.execution, warmup_bars=10_000)
    spec = msgspec.structs.replace(sweep.base.strategy, params=sweep.base.strategy.params | params)
    request = msgspec.structs.replace(sweep.base, execution=warm, strategy=spec)
    return backtest(request, given, sweep.benchmark, sweep.code)


@pytest.mark.parametrize("source", [None, SIGNAL, EVENT])
def test_each_range_is_a_backtest_of_its_own(source: bytes | None) -> None:
    params: Params = {"period": 4} if source else CROSSINGS[2]
    sweep = Sweep(
        HOLED, "mine" if source else "ma_crossover", varied=list(params), actions=ACTED,
        validation=HOLDOUT, code=Code("mine", "", source) if source else None,
    )  # fmt: skip
    (outcome,) = sweep.assert_equal(params)
    (window,) = Evaluator(sweep.request, sweep.data, code=sweep.code).windows
    assert outcome.train == window_backtest(sweep, params, *window[:2])
    assert outcome.validation == window_backtest(sweep, params, *window[2:])
    assert outcome.train is not None
    assert outcome.validation is not None
    seen, unseen = outcome.train["sharpe_ratio"], outcome.validation["sharpe_ratio"]
    assert seen is not None
    assert unseen is not None
    assert (outcome.value, outcome.gap) == (seen, seen - unseen)


PEEKING = b"""
import numpy as np
from domain.strategies.base import SignalStrategy

class Mine(SignalStrategy, frozen=True):
    period: int = 5

    def targets(self, bars, symbols):
        return np.full(len(bars), 1.0 if bars.close[-1] > bars.close[0] else 0.5) / symbols
"""


@pytest.mark.parametrize("source", [PEEKING, EXPLAINING, None])
def test_what_comes_after_a_range_is_not_seen_in_it(source: bytes | None) -> None:
    params: Params = {"period": 4} if source else CROSSINGS[1]
    code = Code("mine", "", source) if source else None
    given: dict[str, Any] = {
        "varied": list(params),
        "validation": HOLDOUT,
        "code": code,
        "actions": ACTED,
    }
    name = "mine" if source else "ma_crossover"
    sweep = Sweep(HOLED, name, **given)
    (window,) = Evaluator(sweep.request, sweep.data, code=code).windows
    edges = [len(each) for each in until(HOLED, window.validation_start)]
    changed = [
        Bars(
            each.symbol,
            *(
                np.where(np.arange(len(each)) < edge, column, column * 0.01)
                if name != "timestamp" else column
                for name in COLUMNS
                for column in [getattr(each, name)]
            ),
        )
        for each, edge in zip(HOLED, edges, strict=True)
    ]  # fmt: skip
    (honest,), (other,) = sweep.outcomes([params]), Sweep(changed, name, **given).outcomes([params])
    assert honest.train == other.train
    assert honest.full != other.full


def test_walk_forward_is_judged_by_the_means_of_its_windows() -> None:
    sweep = crossings(validation=WALK, objective="total_return", direction="minimize")
    outcomes = sweep.assert_equal(*CROSSINGS[:3])
    windows = Evaluator(sweep.request, sweep.data).windows
    for outcome, params in zip(outcomes, CROSSINGS, strict=False):
        trained = [window_backtest(sweep, params, *each[:2]) for each in windows]
        judged = [window_backtest(sweep, params, *each[2:]) for each in windows]
        assert [(each.in_sample, each.out_of_sample) for each in outcome.windows] == [
            (seen["total_return"], unseen["total_return"])
            for seen, unseen in zip(trained, judged, strict=True)
        ]
        assert outcome.train is not None
        assert outcome.validation is not None
        for found, runs in ((outcome.train, trained), (outcome.validation, judged)):
            for name, value in found.items():
                each = [run[name] for run in runs]
                expected = None if None in each else pytest.approx(np.mean(each), rel=1e-12)  # type: ignore[arg-type]  # no None left
                assert value == expected, name
        assert outcome.value == outcome.train["total_return"]
        assert outcome.gap == outcome.validation["total_return"] - outcome.value  # type: ignore[operator]


def test_out_of_sample_the_windows_equity_is_chained() -> None:
    sweep = crossings(validation=WALK)
    evaluator = Evaluator(sweep.request, sweep.data)
    days, value, window = evaluator.out_of_sample(CROSSINGS[:3])
    capital = sweep.base.initial_capital
    for number, (each, params) in enumerate(zip(evaluator.windows, CROSSINGS, strict=False)):
        mine = window == number
        assert days[mine][0] == each.validation_start
        assert days[mine][-1] == each.validation_stop - 1
        alone = window_backtest(sweep, params, *each[2:])["total_return"]
        assert 100 * (value[mine][-1] / capital - 1) == pytest.approx(alone, abs=1e-9)
        capital = value[mine][-1]
    table = decode_equity(encode_equity(days, value, window))
    assert table.columns == ["timestamp", "value", "window"]
    assert table["value"].to_list() == value.tolist()
    assert table["timestamp"].dt.epoch("d").to_list() == days.tolist()


def test_moments_are_of_the_sessions_that_the_objective_is_made_of() -> None:
    def sums(**settings: Any) -> np.ndarray:
        (outcome,) = crossings(**settings).outcomes([CROSSINGS[1]])
        assert outcome.moments is not None
        return blocks.decode(outcome.moments)

    whole, train, walk = sums(), sums(validation=HOLDOUT), sums(validation=WALK)
    assert whole[:, 0].sum() > walk[:, 0].sum() > train[:, 0].sum() > 0
    assert np.ptp(whole[:, 0]) <= 1


@pytest.mark.parametrize("days", [1, 7, 16, 40, 333])
def test_moments_are_those_of_the_reference(days: int) -> None:
    returns = daily_returns(np.random.default_rng(days).uniform(-2, 20, days + 1))
    sums = np.empty(blocks.SHAPE)
    sum_blocks(returns, sums)
    np.testing.assert_array_equal(sums, blocks.block_sums(returns))


def test_a_trial_that_fails_says_why_and_harms_no_other() -> None:
    sweep = crossings()
    points: list[Params] = [CROSSINGS[0], {"short_period": 9, "long_period": 9}, CROSSINGS[1]]
    first, second, third = sweep.outcomes(points)
    assert second.error is not None
    assert "short_period 9 must be below long_period 9" in second.error
    assert second.full is None
    assert first.full == sweep.backtest(points[0])
    assert third.full == sweep.backtest(points[2])


@pytest.mark.parametrize(("period", "problem"), [(13, "ValueError: unlucky"), (7, "no idea")])
def test_a_strategy_that_raises_fails_its_trial_only(period: int, problem: str) -> None:
    code = Code("mine", "", EXPLAINING)
    sweep = Sweep(HOLED, "mine", varied=["period"], code=code)
    failed, fine = sweep.outcomes([{"period": period}, {"period": 5}])
    assert failed.error is not None
    assert problem in failed.error
    assert failed.full is None
    assert fine.error is None
    with pytest.raises(DomainError) as raised:
        sweep.backtest({"period": period})
    assert str(raised.value) == failed.error


def test_the_same_trial_gives_the_same_bytes_in_any_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = crossings(validation=WALK, commission_bps=3.0)
    together = sweep.outcomes(CROSSINGS)
    monkeypatch.setattr("domain.optimizations.evaluation.PLACES_AT_ONCE", 1)
    monkeypatch.setattr("domain.optimizations.simulating.PLACES_KEPT_MAX", 0)
    alone = [sweep.outcomes([params])[0] for params in CROSSINGS]
    for one, other in zip(together, alone, strict=True):
        same = msgspec.structs.replace(other, number=one.number)
        assert msgspec.json.encode(one) == msgspec.json.encode(same)


def test_a_range_without_a_bar_of_the_trials_symbols_is_the_trials_error() -> None:
    late = HOLED[1].part(100, len(HOLED[1]))
    sweep = Sweep([HOLED[0], late], "buy_and_hold", varied=["symbols"], validation=HOLDOUT)
    both, one = sweep.outcomes([{"symbols": ["A", "BB"]}, {"symbols": ["BB"]}])
    assert both.error is None
    assert one.error == "no bar of BB in this range of sessions"


def test_trials_may_all_name_other_symbols_than_the_base_backtest() -> None:
    sweep = Sweep(HOLED, "buy_and_hold", varied=["symbols"])
    base = msgspec.structs.replace(sweep.base, symbols=["NONE"])
    request = msgspec.structs.replace(sweep.request, base_backtest=base)
    evaluator = Evaluator(request, sweep.data)
    ((outcome,),) = evaluator.evaluate([(0, {"symbols": ["BB", "A"]})])
    assert outcome.full == sweep.backtest({"symbols": ["BB", "A"]})


@pytest.mark.parametrize("source", [SIGNAL, EXPLAINING, EVENT, None])
def test_a_symbol_may_come_later_than_a_range(source: bytes | None) -> None:
    params: Params = {"period": 4} if source else CROSSINGS[0]
    late = HOLED[1].part(100, len(HOLED[1]))
    sweep = Sweep(
        [late, HOLED[0]], "mine" if source else "ma_crossover", varied=list(params),
        actions=[ACTED[1], ACTED[0]], validation=HOLDOUT,
        code=Code("mine", "", source) if source else None,
    )  # fmt: skip
    (window,) = Evaluator(sweep.request, sweep.data, code=sweep.code).windows
    assert int(late.timestamp[0]) >= window.train_stop * MICROSECONDS_PER_DAY
    (outcome,) = sweep.assert_equal(params)
    assert outcome.train is not None
    assert outcome.train["total_fills"]
