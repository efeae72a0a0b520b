"""What a sweep's report is made of, folded from its events; a trial takes about a kilobyte."""

from typing import NamedTuple

import polars as pl
from msgspec import UNSET

from domain.optimizations.events import (
    Cancelled,
    Completed,
    Failed,
    Pending,
    Progressed,
    Running,
    Stitched,
    SweepEvent,
    TrialCompleted,
    TrialFailed,
)
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.ranking import rank_key
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params
from domain.optimizations.statistics.blocks import decode
from domain.optimizations.statistics.diagnostics import Diagnostics, Ended, diagnose, splits_of
from domain.optimizations.statistics.overfitting import Splits
from domain.optimizations.stitching import decode_equity
from domain.runs.events import Logged
from service.report.wording import Number

SHOWN_METRICS = ("total_return", "sharpe_ratio", "max_drawdown", "total_trades")
LOGS_KEPT = 200


class Tried(NamedTuple):
    """A trial that has ended; ``metrics``: those of ``SHOWN_METRICS``, of the whole range."""

    number: int
    params: Params
    value: float | None
    validation: float | None
    gap: float | None
    metrics: tuple[Number, ...]
    error: str | None


class Content(NamedTuple):
    """A sweep's results.

    ``trials``: by number, ``ranked``: those with an objective, the best first; ``best``: the
    first of them; ``windows`` and ``equity``: of a walk-forward, else empty; ``asked_for``: how
    many trials there were to be, and ``ended_by`` what else than the last of them ended the sweep;
    ``splits``: of the cross-validation, by the completed trials' order.
    """

    optimization_id: str
    request: OptimizationRequest
    manifest: SweepManifest
    trials: list[Tried]
    ranked: list[Tried]
    best: TrialCompleted | None
    windows: list[Stitched]
    equity: pl.DataFrame
    logs: list[Logged]
    digest: str
    asked_for: int
    ended_by: str | None
    splits: Splits | None
    diagnostics: Diagnostics

    @property
    def failed(self) -> int:
        """How many trials failed."""
        return sum(trial.error is not None for trial in self.trials)


class ContentFold:
    """Folds the events of a sweep that has ended, in order, into what its report shows."""

    def __init__(self, optimization_id: str) -> None:
        self._optimization_id = optimization_id
        self._trials: list[Tried] = []
        self._ended: list[Ended] = []
        self._best: TrialCompleted | None = None
        self._windows: list[Stitched] = []
        self._equity = pl.DataFrame()
        self._logs: list[Logged] = []
        self._digest = ""
        self._ended_by: str | None = None

    def add(self, event: SweepEvent, attachment: bytes | None) -> None:
        """Take the next event in."""
        match event:
            case Pending(request=request, trials=trials):
                self._request, self._asked_for = request, trials
            case Running(manifest=manifest):
                self._manifest, self._ended_by = manifest, None
            case Cancelled() | Failed():
                self._ended_by = event.error if isinstance(event, Failed) else "it was cancelled"
            case TrialCompleted():
                self._complete(event, attachment)
            case TrialFailed():
                unknown = (None, None, None, ())
                self._trials.append(Tried(event.number, event.params, *unknown, event.error))
            case Progressed(walk_forward=windows) if windows is not UNSET and attachment:
                self._windows, self._equity = windows, decode_equity(attachment)
            case Logged() if len(self._logs) < LOGS_KEPT:
                self._logs.append(event)
            case Completed(digest=digest):
                self._digest = digest
            case _:
                pass

    def content(self) -> Content:
        """Everything that was gathered, and judged; the sweep has at least been running."""
        request, periods_per_year = self._request, self._manifest.periods_per_year
        ended = sorted(self._ended, key=lambda trial: trial.number)
        splits = splits_of(request, ended, periods_per_year)
        return Content(
            optimization_id=self._optimization_id,
            request=request,
            manifest=self._manifest,
            trials=sorted(self._trials, key=lambda trial: trial.number),
            ranked=sorted(
                (trial for trial in self._trials if trial.value is not None),
                key=lambda trial: self._rank(trial.value, trial.number),
            ),
            best=self._best,
            windows=self._windows,
            equity=self._equity,
            logs=self._logs,
            digest=self._digest,
            asked_for=self._asked_for,
            ended_by=self._ended_by,
            splits=splits,
            diagnostics=diagnose(request, ended, splits, periods_per_year),
        )

    def _complete(self, trial: TrialCompleted, attachment: bytes | None) -> None:
        number, params, value = trial.number, trial.params, trial.value
        validation = (trial.validation or {}).get(self._request.objective_metric)
        metrics = tuple((trial.full or {}).get(name) for name in SHOWN_METRICS)
        self._trials.append(Tried(number, params, value, validation, trial.gap, metrics, None))
        if attachment is not None:
            self._ended.append(Ended(number, params, value, validation, decode(attachment)))
        if value is not None and (
            self._best is None
            or self._rank(value, number) < self._rank(self._best.value, self._best.number)
        ):
            self._best = trial

    def _rank(self, value: float | None, number: int) -> tuple[int, float, int]:
        return rank_key(value, number, self._request.direction, failed=False)
