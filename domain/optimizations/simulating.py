"""Simulate the trials of a sweep: many in one compiled call where that can be."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from domain.engine.targets import target_weights
from domain.errors import DomainError
from domain.indicators.remembered import MEMORY_BYTES, remembering
from domain.market.bars import Bars, Floats
from domain.optimizations.candidates import Candidate, Candidates
from domain.optimizations.single import simulated
from domain.optimizations.stage import WHOLE, Run, Span, Stage
from domain.optimizations.workbench import Workbench
from domain.runs.manifest import Provided
from domain.runs.request import BacktestRequest
from domain.strategies.base import SignalStrategy
from domain.strategies.kinds import Strategy

PLACES_TOGETHER_MAX = 300_000  # rows times symbols: a workbench takes 720 bytes for each
PLACES_KEPT_MAX = 4_000_000  # of the stages kept: 60 bytes each

Weights: TypeAlias = list[Floats]
Runs: TypeAlias = "list[Run] | DomainError"


class Simulator:
    """Simulates candidates over spans of sessions; keeps the stages that it does so on."""

    def __init__(
        self,
        candidates: Candidates,
        data: Mapping[str, Provided],
        benchmark: Bars | None,
        spans: int,
    ) -> None:
        """``spans``: over how many each candidate is to be simulated."""
        self._candidates = candidates
        self._data = data
        self._benchmark = benchmark
        self._memory_bytes = MEMORY_BYTES if candidates.are_trusted else MEMORY_BYTES // spans
        self._stages: OrderedDict[tuple[Any, ...], Stage] = OrderedDict()
        self._benches: dict[int, Workbench] = {}

    def stage(self, request: BacktestRequest, span: Span) -> Stage:
        """The bars of a request's symbols within a span. Raises ``DomainError``."""
        key = tuple(request.symbols), request.execution.warmup_bars, span
        if key in self._stages:
            self._stages.move_to_end(key)
            return self._stages[key]
        data = [self._data[symbol] for symbol in request.symbols]
        made = Stage(
            request,
            data,
            self._benchmark,
            span,
            lends=self._candidates.are_trusted,
            memory_bytes=self._memory_bytes,
        )
        self._stages[key] = made
        while len(self._stages) > 1 and sum(map(_size, self._stages.values())) > PLACES_KEPT_MAX:
            self._stages.popitem(last=False)
        return made

    def simulate(self, candidates: Sequence[Candidate], spans: Sequence[Span]) -> list[Runs]:
        """One run over each span for each candidate, or what it has failed with."""
        found: list[Runs] = [[] for _ in candidates]
        seen: dict[int, Weights] = {}
        groups = _alike(candidates)
        for span in spans:
            for places in groups:
                trying = [place for place in places if isinstance(found[place], list)]
                for place, run in self._each(candidates, trying, span, seen):
                    runs = found[place]
                    if isinstance(run, DomainError):
                        found[place] = run
                    elif isinstance(runs, list):
                        runs.append(run)
        return found

    def _each(
        self,
        candidates: Sequence[Candidate],
        places: Sequence[int],
        span: Span,
        seen: dict[int, Weights],
    ) -> list[tuple[int, Run | DomainError]]:
        if not places:
            return []
        request = candidates[places[0]].request
        try:
            stage = self.stage(request, span)
            whole = self.stage(request, WHOLE)
        except DomainError as error:
            return [(place, error) for place in places]
        if not self._candidates.trade_together or _size(stage) > PLACES_TOGETHER_MAX:
            return [(place, self._alone(candidates[place], stage)) for place in places]
        failed: list[tuple[int, Run | DomainError]] = []
        weights: dict[int, Weights] = {}
        with remembering((whole if self._candidates.are_trusted else stage).memory):
            for place in places:
                try:
                    weights[place] = self._weights(candidates[place], place, stage, whole, seen)
                except DomainError as error:
                    failed.append((place, error))
        runs = self._together(request, stage, list(weights.values()))
        traded = (
            # Alone it says at which bar its account was worth more than can be.
            (place, self._alone(candidates[place], stage) if run is None else run)
            for place, run in zip(weights, runs, strict=True)
        )
        return [*failed, *traded]

    def _alone(self, candidate: Candidate, stage: Stage) -> Run | DomainError:
        try:
            strategy = self._candidates.fresh(candidate)
            return simulated(strategy, candidate.request, stage)
        except DomainError as error:
            return error

    def _together(
        self, request: BacktestRequest, stage: Stage, weights: Sequence[Weights]
    ) -> list[Run | None]:
        targets = np.empty((len(weights), *stage.size))
        for given, target in zip(weights, targets, strict=True):
            stage.place(given, target)
        return stage.trade(request, targets, self._bench(stage))

    def _weights(
        self,
        candidate: Candidate,
        place: int,
        stage: Stage,
        whole: Stage,
        seen: dict[int, Weights],
    ) -> Weights:
        strategy = self._candidates.fresh(candidate)
        if not self._candidates.are_trusted:
            return stage.traded_part(_asked(strategy, stage))
        # What a trusted strategy says of a bar is the same whether later bars are there or not.
        if place not in seen:
            seen[place] = _asked(strategy, whole)
        return stage.traded_part(seen[place])

    def _bench(self, stage: Stage) -> Workbench:
        rows, symbols = stage.size
        bench = self._benches.get(symbols)
        if bench is None or not bench.has_room_for(rows, stage.changes):
            bench = Workbench.of(rows, symbols, stage.changes, borrows=True)
            self._benches[symbols] = bench
        return bench


def _asked(strategy: Strategy, stage: Stage) -> Weights:
    assert isinstance(strategy, SignalStrategy)
    return [target_weights(strategy, bars, len(stage.shown)) for bars in stage.shown]


def _alike(candidates: Sequence[Candidate]) -> list[list[int]]:
    # The places of those that trade the same symbols on the same terms.
    groups: dict[Any, list[int]] = {}
    keys: dict[int, Any] = {}
    for place, candidate in enumerate(candidates):
        request = candidate.request
        if id(request) not in keys:
            keys[id(request)] = tuple(request.symbols), request.execution
        groups.setdefault(keys[id(request)], []).append(place)
    return list(groups.values())


def _size(stage: Stage) -> int:
    rows, symbols = stage.size
    return rows * symbols
