"""How much to trust the best trial: everything that a sweep's own log says about it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from domain.market.bars import Floats
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params
from domain.optimizations.statistics.blocks import (
    excess_sums,
    moments,
    sharpe_ratios,
    variance_floor,
)
from domain.optimizations.statistics.deflated_sharpe import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe_ratio,
    probabilistic_sharpe_ratio,
)
from domain.optimizations.statistics.generalisation import Generalisation, generalisation
from domain.optimizations.statistics.overfitting import (
    Overfitting,
    Splits,
    cross_validate,
    summarise,
)
from domain.optimizations.statistics.parameter_stability import (
    Stability,
    direction_sign,
    parameter_stability,
)


class Ended(NamedTuple):
    """A trial that was completed: its objective in sample and out, and its returns' sums.

    ``value`` and ``validation`` are None where they are undefined or there is no validation;
    ``sums``: float64[16, 5], see ``blocks``.
    """

    number: int
    params: Params
    value: float | None
    validation: float | None
    sums: Floats


class Sharpe(msgspec.Struct, frozen=True):
    """The Sharpe ratio of the best trial, and what is left of it.

    ``sharpe_ratio`` and ``expected_maximum`` (the best to expect of so many ``trials`` that are
    all worth nothing) are annual, ``deviation`` is that of the trials' annual Sharpe ratios;
    ``probabilistic`` and ``deflated`` are probabilities that the true ratio is above 0, and above
    the expected maximum. ``excess_kurtosis`` is 0 for a normal distribution.
    """

    trial: int
    trials: int
    observations: int
    sharpe_ratio: float
    skewness: float
    excess_kurtosis: float
    deviation: float
    expected_maximum: float
    probabilistic: float | None
    deflated: float | None


class Diagnostics(msgspec.Struct, frozen=True):
    """What the log of a sweep says of its best trial; a part is null where there is too little.

    ``trials``: how many were completed. ``sharpe``: null where the best trial's returns do not
    vary; ``overfitting``: for fewer than two trials or 32 days; ``stability``: for fewer than ten
    trials; ``generalisation``: without validation, or for fewer than three trials.
    """

    trials: int
    sharpe: Sharpe | None
    overfitting: Overfitting | None
    stability: Stability | None
    generalisation: Generalisation | None


def splits_of(
    request: OptimizationRequest, trials: Sequence[Ended], periods_per_year: int
) -> Splits | None:
    """Cross-validate the trials: see ``overfitting``; rows are those of ``trials``."""
    if not trials:
        return None
    sums = np.stack([trial.sums for trial in trials])
    return cross_validate(sums, _risk_free(request, periods_per_year))


def diagnose(
    request: OptimizationRequest,
    trials: Sequence[Ended],
    splits: Splits | None,
    periods_per_year: int,
) -> Diagnostics:
    """Judge a sweep by its completed ``trials``, in the order of their numbers.

    ``splits``: as ``splits_of`` gives them. The Sharpe ratios, and so the first two parts, are
    those of the daily returns that the objective has seen, whatever the objective is.
    """
    valued = [trial for trial in trials if trial.value is not None]
    return Diagnostics(
        trials=len(trials),
        sharpe=_sharpe(request, trials, valued, periods_per_year),
        overfitting=None if splits is None else summarise(splits, len(trials), periods_per_year),
        stability=parameter_stability(
            request, [trial.params for trial in valued], _oriented(request, valued)
        ),
        generalisation=_generalisation(request, valued),
    )


def _sharpe(
    request: OptimizationRequest,
    trials: Sequence[Ended],
    valued: Sequence[Ended],
    periods_per_year: int,
) -> Sharpe | None:
    if not valued:
        return None
    best = valued[int(_oriented(request, valued).argmax())]
    risk_free = _risk_free(request, periods_per_year)
    observed = moments(best.sums, risk_free)
    if observed is None:
        return None
    totals = np.stack([trial.sums.sum(axis=0) for trial in trials])
    count, first, second = excess_sums(totals, risk_free)
    ratios = sharpe_ratios(count, first, second, variance_floor(second))
    known = ratios[ratios != 0.0]
    variance = float(known.var(ddof=1)) if len(known) > 1 else 0.0
    scale = math.sqrt(periods_per_year)
    return Sharpe(
        trial=best.number,
        trials=len(trials),
        observations=observed.observations,
        sharpe_ratio=scale * observed.sharpe_ratio,
        skewness=observed.skewness,
        excess_kurtosis=observed.kurtosis - 3.0,
        deviation=scale * math.sqrt(variance),
        expected_maximum=scale * expected_maximum_sharpe_ratio(len(trials), variance),
        probabilistic=probabilistic_sharpe_ratio(observed),
        deflated=deflated_sharpe_ratio(observed, len(trials), variance),
    )


def _generalisation(request: OptimizationRequest, valued: Sequence[Ended]) -> Generalisation | None:
    both = [trial for trial in valued if trial.validation is not None]
    outside = [trial.validation for trial in both]
    return generalisation(_oriented(request, both), _turned(request, outside))


def _oriented(request: OptimizationRequest, valued: Sequence[Ended]) -> Floats:
    return _turned(request, [trial.value for trial in valued])


def _turned(request: OptimizationRequest, values: Sequence[float | None]) -> Floats:
    # So that larger is better.
    turned: Floats = direction_sign(request) * np.array(values, dtype=np.float64)
    return turned


def _risk_free(request: OptimizationRequest, periods_per_year: int) -> float:
    return request.base_backtest.execution.risk_free_rate / periods_per_year
