"""Evaluate trials: many parameter sets over the same bars, each as a backtest would simulate it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import msgspec
import numpy as np

from domain.engine.account import Integers
from domain.engine.course import Scenario
from domain.errors import DomainError
from domain.market.bars import Floats
from domain.optimizations import scoring, windows
from domain.optimizations.candidates import Candidate, Candidates
from domain.optimizations.outcome import Outcome
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params
from domain.optimizations.simulating import Simulator
from domain.optimizations.stage import WHOLE, Run, Span
from domain.optimizations.statistics import blocks
from domain.optimizations.stitching import stitch
from domain.optimizations.trading import sum_blocks
from domain.runs.manifest import Provided
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code

PLACES_AT_ONCE = 65_536  # rows times symbols of a batch: what a processor has at hand
TRIALS_AT_ONCE = 64


class Evaluator:
    """Holds a sweep's bars, brought into shape once, and evaluates trials over them.

    ``windows``: the ranges of holdout (one) or walk-forward, none without validation;
    ``periods_per_year``: of all the data.

    The whole range and both parts of each window are runs of their own: each starts flat with the
    whole capital at its first session; indicators may see the bars before it, nothing of it or of
    what comes after is seen earlier.
    """

    def __init__(
        self,
        request: OptimizationRequest,
        data: Mapping[str, Provided],
        benchmark: Provided | None = None,
        code: Code | None = None,
    ) -> None:
        """Take in the bars of every symbol that a trial may name, each with the most warm-up.

        ``request`` is normalised. Raises ``InvalidRequest`` where there are too few sessions to
        cut, and ``DomainError`` where the symbols cannot be aligned.
        """
        base = request.base_backtest
        self._request = request
        self.windows = windows.cut(request, _sessions(request, data))
        self._parts = [(Span(*each[:2]), Span(*each[2:])) for each in self.windows]
        held = None if benchmark is None else benchmark.held(base)
        self._candidates = Candidates(request, code)
        self._simulator = Simulator(self._candidates, data, held, spans=1 + 2 * len(self._parts))
        # The base backtest's own symbols may be others, where trials name theirs.
        everything = msgspec.structs.replace(base, symbols=list(data))
        whole = self._simulator.stage(everything, WHOLE)
        self.periods_per_year = whole.periods_per_year
        rows, symbols = whole.size
        self._batch = min(max(PLACES_AT_ONCE // (rows * symbols), 1), TRIALS_AT_ONCE)
        if not self._candidates.trade_together:
            self._batch = 1

    def evaluate(self, trials: Sequence[tuple[int, Params]]) -> Iterator[list[Outcome]]:
        """Evaluate (number, parameters) of each trial, in order, yielding a batch at a time.

        A batch takes about 50 ms, or one trial where that takes longer; to stop, close the
        iterator. What goes wrong with a trial's parameters or strategy is its ``error``; a
        ``MemoryError`` is raised. The same trial gives the same bytes in any batch.
        """
        for start in range(0, len(trials), self._batch):
            yield self._evaluated(trials[start : start + self._batch])

    def out_of_sample(self, picks: Sequence[Params]) -> tuple[Integers, Floats, Integers]:
        """Chain the validation ranges of the windows, each with its own parameters.

        ``picks``: one per window. Gives session days int64[d], the equity at the end of each
        float64[d] (the base's initial capital times the growth so far) and the number of the
        window it belongs to, int64[d]. Raises ``StrategyFailed`` and ``InvalidRequest``.
        """
        days, marks = [], []
        for params, (_, span) in zip(picks, self._parts, strict=True):
            candidate = self._candidates.of(0, params)
            runs = self._simulator.simulate([candidate], [span])[0]
            if isinstance(runs, DomainError):
                raise runs
            (run,) = runs
            days.append(self._simulator.stage(candidate.request, span).days)
            marks.append(run.marks[1:])
        numbers = np.repeat(np.arange(len(days)), [len(each) for each in days])
        value = stitch(self._request.base_backtest.initial_capital, marks)
        return np.concatenate(days), value, numbers

    def _evaluated(self, trials: Sequence[tuple[int, Params]]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        candidates = []
        for place, (number, params) in enumerate(trials):
            try:
                candidates.append((place, self._candidates.of(number, params)))
            except DomainError as error:
                outcomes[place] = Outcome(number, params, error=str(error))
        spans = [WHOLE, *chain.from_iterable(self._parts)]
        simulated = self._simulator.simulate([candidate for _, candidate in candidates], spans)
        for (place, candidate), runs in zip(candidates, simulated, strict=True):
            outcomes[place] = self._outcome(candidate, runs)
        return [outcomes[place] for place in range(len(trials))]

    def _outcome(self, candidate: Candidate, runs: list[Run] | DomainError) -> Outcome:
        number, params = candidate.number, candidate.params
        if isinstance(runs, DomainError):
            return Outcome(number, params, error=str(runs))
        whole, *parts = runs
        pairs = [
            (seen.metrics, held.metrics) for seen, held in zip(parts[::2], parts[1::2], strict=True)
        ]
        moments = blocks.encode(self._sums(candidate.request, whole, parts))
        return scoring.outcome(self._request, number, params, whole.metrics, pairs, moments)

    def _sums(self, request: BacktestRequest, whole: Run, parts: Sequence[Run]) -> Floats:
        # Of the sessions that the objective metric is made of.
        returns = whole.returns
        if self._request.validation_mode == "holdout":
            returns = parts[0].returns
        elif self.windows:
            learnt = self.windows[0].train_start, self.windows[-1].train_stop
            days = self._simulator.stage(request, WHOLE).days
            returns = returns[slice(*np.searchsorted(days, learnt))]
        sums = np.empty(blocks.SHAPE)
        sum_blocks(returns, sums)
        return sums


def _sessions(request: OptimizationRequest, data: Mapping[str, Provided]) -> list[int]:
    if request.validation_mode == "none":
        return []
    clock = Scenario(request.base_backtest, [], [], [])
    traded = (each.bars.timestamp[each.warmup_bars :] for each in data.values())
    sessions: list[int] = np.unique(np.concatenate(list(map(clock.days, traded)))).tolist()
    return sessions
