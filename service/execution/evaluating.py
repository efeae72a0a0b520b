"""The trials of a sweep, as an engine process evaluates them: data loaded once, many points."""

import time
from collections.abc import Iterator
from typing import Literal, NamedTuple

from domain.optimizations import manifest as sweep_manifest
from domain.optimizations.applying import data_request
from domain.optimizations.evaluation import Evaluator
from domain.optimizations.events import Failed, Running, TrialFailed, encode, encode_ended
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.stitching import encode_equity
from domain.runs.events import EncodedEvent
from domain.runs.manifest import describe
from service.execution.checking import require_same_data
from service.execution.frames import Conclude, Evaluate, Prepare, SweepJob
from service.execution.job import Source, failure
from service.market_data.errors import MarketDataError

TOO_MUCH_MEMORY = "the trial needs more memory than it may take"
EQUITY = "equity"  # no type of the log: it goes into one that the sweep makes


class _Loaded(NamedTuple):
    run_id: str
    manifest: SweepManifest
    evaluator: Evaluator


class Evaluations:
    """Does the jobs of sweeps; what it has loaded for one is kept until another comes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._loaded: _Loaded | None = None

    def of(self, job: SweepJob) -> Iterator[list[EncodedEvent]]:
        """Yield the events that a job asks for, or ``state failed`` with why it cannot be done.

        ``Prepare``: ``state running``. ``Evaluate``: the trials' last events. ``Conclude``: one of
        type ``equity``, of which the log takes only the attachment. Raises ``MemoryError`` where
        there was not enough of it: this process is then not fit for another job.
        """
        state: Literal["pending", "running"] = "running"
        try:
            if isinstance(job, Prepare):
                state = "pending"
            loaded = self._load(job)
            match job:
                case Prepare():
                    yield [encode(Running(loaded.manifest))]
                case Evaluate():
                    yield from _evaluate(job, loaded.evaluator)
                case Conclude():
                    equity = encode_equity(*loaded.evaluator.out_of_sample(job.picks))
                    yield [EncodedEvent(EQUITY, b"{}", equity)]
        except Exception as error:
            if not (isinstance(job, Evaluate) and isinstance(error, MemoryError)):
                yield [encode(Failed(failure(error, "running").error, state))]
            if isinstance(error, MemoryError):
                raise

    def _load(self, job: SweepJob) -> _Loaded:
        if self._loaded is None or self._loaded.run_id != job.run_id:
            self._loaded = None  # two of them may be more than fits
            self._loaded = self._load_anew(job)
        if not isinstance(job, Prepare):
            _require_same(job.manifest, self._loaded.manifest)
        return self._loaded

    def _load_anew(self, job: SweepJob) -> _Loaded:
        request = data_request(job.request)
        data, benchmark, warnings = self._source(request)
        whole = describe(request, data, benchmark, warnings, job.code)
        by_symbol = {provided.bars.symbol: provided for provided in data}
        evaluator = Evaluator(job.request, by_symbol, benchmark, job.code)
        described = sweep_manifest.describe(whole, job.request.strategy, evaluator.windows)
        return _Loaded(job.run_id, described, evaluator)


def _evaluate(job: Evaluate, evaluator: Evaluator) -> Iterator[list[EncodedEvent]]:
    due = time.monotonic() + job.seconds
    answered = 0
    try:
        for outcomes in evaluator.evaluate([(each.number, each.params) for each in job.trials]):
            yield [encode_ended(outcome) for outcome in outcomes]
            answered += len(outcomes)
            if time.monotonic() >= due:
                return
    except MemoryError:
        # Of several trials in one compiled call it may be any: the first is tried alone next.
        if answered == len(job.trials) - 1:
            last = job.trials[answered]
            yield [
                encode(TrialFailed(last.number, last.params, TOO_MUCH_MEMORY, exceeded="memory"))
            ]
        raise


def _require_same(recorded: SweepManifest, present: SweepManifest) -> None:
    require_same_data(recorded.data, present.data)
    if recorded != present:
        raise MarketDataError(
            "this engine's versions, or the sessions of its data, are not those of the sweep"
        )
