"""The results document of a sweep as a fold over its events, at any of them."""

from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from domain.engine.metrics import Metrics
from domain.market.moments import iso
from domain.optimizations.applying import placed
from domain.optimizations.events import (
    Pending,
    Progressed,
    Running,
    Stitched,
    TrialCompleted,
    TrialFailed,
    decode,
)
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.outcome import WindowScore
from domain.optimizations.ranking import RankKey, rank_key
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params
from domain.optimizations.statistics import blocks
from domain.optimizations.statistics.diagnostics import Diagnostics, Ended, diagnose, splits_of
from domain.optimizations.stitching import decode_equity
from domain.runs.events import EncodedEvent, Logged
from domain.runs.request import BacktestRequest


class RankedTrial(msgspec.Struct, frozen=True):
    """A trial that has ended, at its place in the ranking: rank 1 is the best.

    Those whose objective is undefined come after those that have one, and the failed at the end.
    """

    rank: int
    number: int
    state: Literal["completed", "failed"]
    params: Params
    value: float | None
    gap: float | None
    train: Metrics | None
    validation: Metrics | None
    full: Metrics | None
    windows: list[WindowScore] | None
    error: str | None


def ranked(rank: int, payload: bytes) -> RankedTrial:
    """Read a trial's last event as it stands in the results."""
    end = decode("trial", payload)
    assert isinstance(end, TrialCompleted | TrialFailed)
    return RankedTrial(
        rank,
        end.number,
        "failed" if isinstance(end, TrialFailed) else "completed",
        end.params,
        end.value,
        end.gap,
        end.train,
        end.validation,
        end.full,
        end.windows,
        end.error,
    )


class WalkForward(msgspec.Struct, frozen=True):
    """The windows of a walk-forward, and what trading each one's best trial after it came to.

    ``equity_curve``: at the end of each session, with the number of the window it is in.
    """

    windows: list[Stitched]
    equity_curve: list[dict[str, Any]]


class SweepResultsFold:
    """Folds a sweep's events, in order, into the results document.

    Of each trial it keeps its place and what the diagnostics need (a kilobyte); its metrics stay
    in the log, and are brought when the document is written.
    """

    def __init__(self, optimization_id: str) -> None:
        self._optimization_id = optimization_id
        self._request: OptimizationRequest | None = None
        self._manifest: SweepManifest | None = None
        self._places: list[tuple[RankKey, int]] = []
        self._best: tuple[RankKey, bytes] | None = None
        self._ended: list[Ended] = []
        self._walk_forward: WalkForward | None = None
        self._logs: list[dict[str, Any]] = []

    def add(self, event: EncodedEvent, event_id: int, recorded_at: int) -> None:
        """Take in the next event, number ``event_id`` of the stream, with its attachment."""
        match decode(event.type, event.payload):
            case Pending(request=request):
                self._request = request
            case Running(manifest=manifest):
                self._manifest = manifest
            case TrialCompleted() | TrialFailed() as end:
                self._add_end(end, event, event_id)
            case Progressed(walk_forward=windows) if windows is not UNSET and event.attachment:
                curve = decode_equity(event.attachment).to_dicts()
                points = [{**point, "timestamp": point["timestamp"].isoformat()} for point in curve]
                self._walk_forward = WalkForward(windows, points)
            case Logged(message=message, level=level):
                line = {"timestamp": iso(recorded_at), "level": level, "message": message}
                self._logs.append(line)
            case _:
                pass

    @property
    def trials(self) -> int:
        """How many trials have ended."""
        return len(self._places)

    def ranking(self, after: int, limit: int) -> list[int]:
        """Give the event ids of the trials from rank ``after`` + 1 on, the best first."""
        return [event_id for _, event_id in nsmallest(after + limit, self._places)[after:]]

    def best_trial(self) -> RankedTrial | None:
        """Give the trial that ranks first; ``None`` before there is one with an objective."""
        best = None if self._best is None else ranked(1, self._best[1])
        return None if best is None or best.value is None else best

    def replay_backtest(self) -> BacktestRequest | None:
        """Give the backtest that comes to the metrics of the best trial, to the last digit."""
        best = self.best_trial()
        if best is None or self._request is None:
            return None
        return placed(self._request.base_backtest, best.params)

    def diagnostics(self) -> Diagnostics | None:
        """Judge the trials that were completed by now; ``None`` before the data is known."""
        if self._request is None or self._manifest is None:
            return None
        ended = sorted(self._ended, key=lambda trial: trial.number)
        periods = self._manifest.periods_per_year
        splits = splits_of(self._request, ended, periods)
        return diagnose(self._request, ended, splits, periods)

    def document(self, trials: Iterable[RankedTrial]) -> Iterator[bytes]:
        """Yield the document, with these of the trials as ``all_trials``."""
        yield b'{"optimization_id":' + _json(self._optimization_id)
        yield b',"best_trial":' + _json(self.best_trial())
        yield b',"trials":' + _json(self.trials)
        yield b',"all_trials":['
        for index, trial in enumerate(trials):
            yield (b"," if index else b"") + _json(trial)
        yield b'],"replay_backtest":' + _json(self.replay_backtest())
        yield b',"walk_forward":' + _json(self._walk_forward)
        yield b',"diagnostics":' + _json(self.diagnostics())
        yield b',"logs":' + _json(self._logs)
        yield b',"manifest":' + _json(self._manifest) + b"}"

    def _add_end(
        self, end: TrialCompleted | TrialFailed, event: EncodedEvent, event_id: int
    ) -> None:
        assert self._request is not None
        failed = isinstance(end, TrialFailed)
        place = rank_key(end.value, end.number, self._request.direction, failed=failed)
        self._places.append((place, event_id))
        if self._best is None or place < self._best[0]:
            self._best = place, event.payload
        if isinstance(end, TrialCompleted) and event.attachment:
            validation = (end.validation or {}).get(self._request.objective_metric)
            sums = blocks.decode(event.attachment)
            self._ended.append(Ended(end.number, end.params, end.value, validation, sums))


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
