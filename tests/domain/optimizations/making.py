"""Requests of sweeps, manifests, ends of trials, and a service in miniature to run a sweep with."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from domain.optimizations.batches import Plan
from domain.optimizations.events import Pending, decode, encode_ended
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.outcome import Outcome, WindowScore
from domain.optimizations.request import OptimizationRequest, normalise, trials_of
from domain.optimizations.sampler import Sampler, create_sampler
from domain.optimizations.search_space import Params, Trial
from domain.optimizations.statistics import blocks
from domain.optimizations.sweep import Sweep
from domain.optimizations.windows import Window
from domain.runs.events import EncodedEvent
from domain.runs.manifest import Dataset

SHORT = {"name": "short_period", "kind": "int_range", "low": 2, "high": 21}
LONG = {"name": "long_period", "kind": "int_range", "low": 10, "high": 40, "step": 10}
SIZE = {"name": "position_size", "kind": "float_range", "low": 0.25, "high": 1.0}
BASE = {
    "symbols": ["AAPL"],
    "start_date": "2020-01-01",
    "end_date": "2020-12-31",
    "strategy": {"name": "ma_crossover"},
}
MINIMUM = {"name": "sweep", "search_space": {"parameters": [SHORT]}, "base_backtest": BASE}


def posted(*parameters: dict[str, Any], **fields: Any) -> OptimizationRequest:
    """A request as it is decoded from what a client sends."""
    space = {"search_space": {"parameters": parameters}} if parameters else {}
    return msgspec.json.decode(
        msgspec.json.encode(MINIMUM | space | fields), type=OptimizationRequest
    )


def a_request(*parameters: dict[str, Any], **fields: Any) -> OptimizationRequest:
    """The same, normalised."""
    return normalise(posted(*parameters, **fields))


def a_manifest(windows: Sequence[Window] = (), **fields: Any) -> SweepManifest:
    data = Dataset("AAPL", "catalog", 2, 0, 86_400_000_000, "ab" * 32)
    return msgspec.structs.replace(
        SweepManifest(
            engine="0.1.0",
            python="3.11.0",
            libraries={"numpy": "2.0"},
            strategy_sha256=None,
            data=[data],
            benchmark=None,
            periods_per_year=252,
            warnings=["made up"],
            windows=list(windows),
        ),
        **fields,
    )


def an_outcome(number: int, params: Params, value: float | None) -> Outcome:
    """What a backtest could have come to, with this objective."""
    rng = np.random.default_rng(number)
    returns = 0.001 * (value or 0.0) + 0.01 * rng.standard_normal(64)
    return Outcome(
        number,
        params,
        value=value,
        full={"sharpe_ratio": value, "total_trades": number},
        moments=blocks.encode(blocks.block_sums(returns)),
    )


def judged(trial: Trial) -> Outcome:
    """What comes of a trial: here and there it fails or is undefined, and there are ties."""
    rng = random.Random(msgspec.json.encode(trial.params))
    kind = rng.randrange(10)
    if kind == 0:
        return Outcome(trial.number, trial.params, error="StrategyFailed: no")
    if kind == 1:
        return an_outcome(trial.number, trial.params, None)
    return an_outcome(trial.number, trial.params, float(rng.randrange(-5, 20)))


def judged_in_windows(trial: Trial) -> Outcome:
    """The same, in two windows of a walk-forward."""
    outcome = judged(trial)
    if outcome.error is not None or outcome.value is None:
        return outcome
    scores = [WindowScore(outcome.value + trial.number % 3, 1.0), WindowScore(-outcome.value, None)]
    return msgspec.structs.replace(outcome, windows=scores)


Judge = Callable[[Trial], Outcome]


class Course:
    """Runs a sweep from its log on: the part of a service, with workers of any speed.

    ``rng`` decides how many of the due trials are handed out at once, in which order they end,
    which end a second time, and when there is an answer.
    """

    def __init__(
        self,
        request: OptimizationRequest,
        log: Sequence[EncodedEvent] = (),
        *,
        manifest: SweepManifest | None = None,
        judge: Judge = judged,
        sampler: Sampler | None = None,
        rng: random.Random | None = None,
        plan: Plan | None = None,
    ) -> None:
        self.log = list(log)
        self.evaluated: list[int] = []
        self.sweep = Sweep(Pending(request, trials_of(request)), plan)
        self._manifest = manifest or a_manifest()
        self._judge = judge
        self._sampler = sampler or create_sampler(request)
        self._rng = rng
        self._held: list[Trial] = []
        for event in self.log:
            self.sweep.add(event)
        self.sweep.running(self._manifest)

    def run(self, until: int | None = None) -> list[EncodedEvent]:
        """Go on to the end, or until the log holds ``until`` events after the first."""
        while not self.sweep.all_ended:
            self._take_steps()
            for event in self.sweep.events():
                if self._append(event) == until:
                    return self.log
        for event in self.sweep.finish(b"equity" if self.sweep.picks() else None):
            if self._append(event) == until:
                break
        return self.log

    def _append(self, event: EncodedEvent) -> int:
        self.log.append(event)
        self.sweep.add(event)
        return len(self.log)

    def _take_steps(self) -> None:
        if (self._rng is None or self._rng.random() < 0.7) and (question := self.sweep.question()):
            self._sampler.tell(question.tell)
            self.sweep.answer(self._sampler.ask(question.ask))
        self._held += self.sweep.due(10_000 if self._rng is None else self._rng.randrange(40))
        ending = self._held
        if self._rng is not None:
            self._rng.shuffle(self._held)
            ending = self._held[: self._rng.randrange(len(self._held) + 1)]
        self._held = self._held[len(ending) :]
        self.evaluated += [trial.number for trial in ending]
        ends = [encode_ended(self._judge(trial)) for trial in ending]
        self.sweep.ended(ends if self._rng is None else ends + ends[: self._rng.randrange(3)])


def decoded(log: Sequence[EncodedEvent]) -> list[Any]:
    return [decode(event.type, event.payload) for event in log]


def without_states(log: Sequence[EncodedEvent]) -> list[EncodedEvent]:
    """What a sweep has found: trials, progress, metrics."""
    return [event for event in log if event.type in ("trial", "progress", "metric")]
