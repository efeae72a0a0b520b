"""Optuna's samplers behind ask and tell: random, TPE (``bayesian``) and CMA-ES.

This module alone imports Optuna.

- random: independent draws.
- TPE: the tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl 2011), over all
  parameters together; points of one batch that have not ended count as bad ones, so that it
  spreads, and so do those that failed or that a constraint refused.
- CMA-ES (Hansen 2016): a batch is a generation, the first one drawn at random. It varies numbers
  only: choices are drawn independently.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, CmaEsSampler, RandomSampler, TPESampler
from optuna.trial import Trial, TrialState

from domain.errors import DomainError
from domain.optimizations.batches import LEARNING_BATCH
from domain.optimizations.constraints import hold, read_constraints
from domain.optimizations.parameters import Parameter
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params

ASKS_MAX = 1_000
DIGITS = 12
# TPE models the best tenth of the points it knows: while no more than nine in ten have no value,
# all of that tenth have one.
BAD_FOR_EACH_GOOD_MAX = 9


class NothingSatisfies(DomainError):
    """No point was found that satisfies the constraints."""


class OptunaSampler:
    """One of Optuna's samplers over the search space of a normalised request.

    Whatever can be counted is drawn as a number of its place (a choice by its index), so a point
    has the very values that a grid has. Other numbers are rounded to twelve digits: processors
    differ in the last ones.
    """

    def __init__(self, request: OptimizationRequest) -> None:
        self._request = request
        self._parameters = request.search_space.parameters
        self._constraints = read_constraints(request.constraints, self._parameters)
        self._distributions = {each.name: _distribution(each) for each in self._parameters}
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(sampler=_sampler(request), direction=request.direction)
        self._untold: deque[Trial] = deque()
        self._good = 0
        self._bad = 0

    def ask(self, count: int) -> list[Params]:
        """Choose points that satisfy the constraints. Raises ``NothingSatisfies``.

        A point that does not is refused and another one asked for, ``ASKS_MAX`` times at most.
        """
        return [self._choose() for _ in range(count)]

    def tell(self, values: Sequence[float | None]) -> None:
        """Say what came of the oldest points not told yet; ``None``: failed, or undefined."""
        for value in values:
            trial = self._untold.popleft()
            if value is None:
                self._tell_bad(trial)
            else:
                self._study.tell(trial, value)
                self._good += 1

    def _choose(self) -> Params:
        for _ in range(ASKS_MAX):
            trial = self._study.ask(self._distributions)
            params = {each.name: _value(each, trial.params) for each in self._parameters}
            if hold(self._constraints, params):
                self._untold.append(trial)
                return params
            self._tell_bad(trial)
        raise NothingSatisfies(
            f"of {ASKS_MAX:,} points in a row that the {self._request.strategy} sampler chose none "
            f"satisfied the constraints: {'; '.join(self._request.constraints)}"
        )

    def _tell_bad(self, trial: Trial) -> None:
        # What failed is nothing to TPE, which would come back to it for ever; what was pruned is
        # worse than all that has a value. CMA-ES and random take no notice of either.
        known = self._bad < BAD_FOR_EACH_GOOD_MAX * self._good
        self._bad += known
        self._study.tell(trial, state=TrialState.PRUNED if known else TrialState.FAIL)


def _sampler(request: OptimizationRequest) -> BaseSampler:
    seed = request.random_seed
    match request.strategy:
        case "random":
            return RandomSampler(seed=seed)
        case "bayesian":
            return TPESampler(seed=seed, multivariate=True, constant_liar=True)
        case "cma_es":
            return CmaEsSampler(seed=seed, popsize=LEARNING_BATCH, warn_independent_sampling=False)
        case "grid":
            raise ValueError("a grid is not sampled")


def _distribution(parameter: Parameter) -> BaseDistribution:
    length = parameter.length
    if parameter.kind == "choice":
        return CategoricalDistribution(range(len(parameter.values or ())))
    if length is not None:
        return IntDistribution(0, length - 1)
    low, high = parameter.bounds
    return FloatDistribution(low, high, log=parameter.kind == "log_uniform")


def _value(parameter: Parameter, drawn: dict[str, Any]) -> Any:
    place = drawn[parameter.name]
    if parameter.length is not None:
        return parameter.value(place)
    low, high = parameter.bounds
    return min(max(float(f"{place:.{DIGITS}g}"), low), high)
