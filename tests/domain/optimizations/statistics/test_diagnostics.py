"""Everything that a sweep's own log says of its best trial."""

from typing import Any

import msgspec
import numpy as np
import pytest

from domain.optimizations.parameters import Parameter
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import SearchSpace
from domain.optimizations.statistics.axes import Axis
from domain.optimizations.statistics.blocks import decode, encode
from domain.optimizations.statistics.diagnostics import Diagnostics, Ended, diagnose, splits_of
from domain.runs.request import BacktestRequest
from tests.domain.optimizations.statistics.making import noise, sums_of

DAYS = 320


def sweep(**changed: Any) -> OptimizationRequest:
    given: dict[str, Any] = {
        "name": "test",
        "search_space": SearchSpace(
            [
                Parameter(name="period", kind="int_range", low=2, high=42, step=1),
                Parameter(name="side", kind="choice", values=["up", "down"]),
            ]
        ),
        "base_backtest": BacktestRequest(
            symbols=["A"], start_date="2020-01-01", end_date="2021-01-01"
        ),
    }
    return OptimizationRequest(**given | changed)


def trials(count: int, *, validation: bool = False) -> list[Ended]:
    """Trial n has period n + 2 and a value that is best at period 22."""
    sums = sums_of(noise(count, DAYS, mean=0.0005))
    return [
        Ended(
            number,
            {"period": number + 2, "side": ("up", "down")[number % 2]},
            1.0 - abs(number - 20) / 20,
            0.5 * (1.0 - abs(number - 20) / 20) if validation else None,
            decode(encode(sums[number])),
        )
        for number in range(count)
    ]


def diagnosed(request: OptimizationRequest, ended: list[Ended]) -> Diagnostics:
    return diagnose(request, ended, splits_of(request, ended, 252), 252)


def test_the_best_trial_is_judged_by_its_own_returns_and_by_all_trials() -> None:
    ended = trials(41)
    found = diagnosed(sweep(), ended)
    assert found.trials == 41
    assert found.sharpe is not None
    assert (found.sharpe.trial, found.sharpe.trials) == (20, 41)
    assert found.sharpe.observations == DAYS
    returns = noise(41, DAYS, mean=0.0005)
    annual = np.sqrt(252) * returns.mean(axis=1) / returns.std(axis=1, ddof=1)
    assert found.sharpe.sharpe_ratio == pytest.approx(annual[20])
    away = returns[20] - returns[20].mean()
    kurtosis = (away**4).mean() / (away**2).mean() ** 2
    assert found.sharpe.excess_kurtosis == pytest.approx(kurtosis - 3.0)
    assert found.sharpe.deviation == pytest.approx(annual.std(ddof=1))
    assert found.sharpe.deflated is not None
    assert found.sharpe.probabilistic is not None
    assert found.sharpe.deflated < found.sharpe.probabilistic
    assert found.overfitting is not None
    assert found.overfitting.trials == 41
    assert found.generalisation is None


def test_parameters_are_named_and_in_their_own_units() -> None:
    found = diagnosed(sweep(), trials(41)).stability
    assert found is not None
    period, side = found.parameters
    assert (found.trials, found.top) == (41, 5)
    assert (period.name, period.top_low, period.top_high) == ("period", 20, 24)
    assert period.dispersion_top == pytest.approx(np.std([0, 1, 2, 3, 4], ddof=1) / 40)
    assert (side.name, side.top_low, side.top_high) == ("side", None, None)
    assert side.dispersion_top == pytest.approx(0.4)
    assert found.neighbourhood.objective_worst < found.neighbourhood.objective_mean < 1.0


def test_a_minimised_objective_is_read_the_other_way() -> None:
    ended = trials(41, validation=True)
    found = diagnosed(sweep(direction="minimize"), ended)
    assert found.sharpe is not None
    assert found.sharpe.trial == 0  # the first of the two at the ends
    assert found.generalisation is not None
    assert found.generalisation.rank_correlation == pytest.approx(1.0)
    assert found.generalisation.gap_median < 0.0
    assert found.generalisation.best_rank == 1
    assert found.stability is not None
    assert found.stability.neighbourhood.objective_worst >= 0.0


def test_a_risk_free_rate_is_taken_off_every_sharpe_ratio() -> None:
    free = sweep()
    base = free.base_backtest
    execution = msgspec.structs.replace(base.execution, risk_free_rate=0.1)
    charged = sweep(base_backtest=msgspec.structs.replace(base, execution=execution))
    without, taken_off = diagnosed(free, trials(12)), diagnosed(charged, trials(12))
    assert without.sharpe is not None
    assert taken_off.sharpe is not None
    assert taken_off.sharpe.sharpe_ratio < without.sharpe.sharpe_ratio
    assert without.overfitting is not None
    assert taken_off.overfitting is not None
    assert taken_off.overfitting.in_sample_mean < without.overfitting.in_sample_mean


def test_trials_without_an_objective_still_count_as_tried() -> None:
    ended = trials(20)
    ended[3] = ended[3]._replace(value=None)
    found = diagnosed(sweep(), ended)
    assert found.sharpe is not None
    assert found.sharpe.trials == 20
    assert found.stability is not None
    assert found.stability.trials == 19


def test_trials_that_never_traded_are_tried_but_do_not_vary() -> None:
    flat = sums_of(np.zeros((1, DAYS)))[0]
    ended = [trial._replace(sums=flat) for trial in trials(12)]
    assert diagnosed(sweep(), ended).sharpe is None
    ended[5] = trials(12)[5]._replace(value=2.0)
    found = diagnosed(sweep(), ended).sharpe
    assert found is not None
    assert (found.trials, found.deviation, found.expected_maximum) == (12, 0.0, 0.0)


def test_a_sweep_without_trials_has_nothing_to_say() -> None:
    assert diagnosed(sweep(), []) == Diagnostics(0, None, None, None, None)


def test_the_same_trials_give_the_same_bytes() -> None:
    ended = trials(41, validation=True)
    one, other = (msgspec.json.encode(diagnosed(sweep(), ended)) for _ in range(2))
    assert one == other
    assert msgspec.json.decode(one, type=Diagnostics) == diagnosed(sweep(), ended)


@pytest.mark.parametrize(
    ("parameter", "ordered", "values", "positions"),
    [
        (Parameter(name="p", kind="int_range", low=10, high=30, step=5), True, [10, 25], [0, 0.75]),
        (Parameter(name="p", kind="float_range", low=-1.0, high=1.0), True, [-0.5, 1], [0.25, 1]),
        (Parameter(name="p", kind="log_uniform", low=0.01, high=1.0), True, [0.1], [0.5]),
        (Parameter(name="p", kind="choice", values=[50, 10, 20]), True, [10, 20, 50], [0, 0.5, 1]),
        (Parameter(name="p", kind="choice", values=[True, False]), False, [True, False], [0, 1]),
        (Parameter(name="p", kind="choice", values=[["A"], ["A", "B"]]), False, [["A", "B"]], [1]),
        (Parameter(name="p", kind="choice", values=["only"]), False, ["only"], [0]),
    ],
)
def test_where_a_value_lies_in_its_search_range(
    parameter: Parameter, ordered: bool, values: list[Any], positions: list[float]
) -> None:
    axis = Axis(parameter)
    assert axis.ordered is ordered
    assert [axis.position({"p": value}) for value in values] == pytest.approx(positions)


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        (Parameter(name="p", kind="int_range", low=1, high=7, step=3), [1, 4, 7]),
        (Parameter(name="p", kind="int_range", low=1, high=8, step=1), None),
        (Parameter(name="p", kind="float_range", low=0.0, high=1.0), None),
        (Parameter(name="p", kind="choice", values=[3, 1]), [1, 3]),
        (Parameter(name="p", kind="choice", values=["d", "c", "b", "a"]), None),
    ],
)
def test_values_that_are_few_can_be_counted(parameter: Parameter, values: list[Any]) -> None:
    assert Axis(parameter).every_value(3) == values
