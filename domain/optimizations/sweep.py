"""The course of a sweep as a machine without clock or I/O: what is asked, run and written when.

The sampler's answers and the ends of trials may come at any time and in any order; the events that
go out are the same bytes in the same order, whoever was faster and however often it was cut off.
"""

from collections.abc import Sequence
from heapq import heappop, heappush

import msgspec

from domain.optimizations.asking import Asking, Diverged, Question
from domain.optimizations.batches import Plan
from domain.optimizations.events import (
    Completed,
    Failed,
    Pending,
    Progressed,
    Running,
    Stitched,
    TrialCompleted,
    decode,
    encode,
    readable,
)
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.picks import Picks
from domain.optimizations.search_space import Params, Trial
from domain.optimizations.standing import End, Standing, read_end
from domain.runs.events import Digest, EncodedEvent, Logged, Measured

__all__ = ["Diverged", "Question", "Sweep"]


class Sweep:
    """One sweep, from its first event on.

    It knows of nothing but what went in through ``add``: every event of the stream after
    ``Pending``, those of its own too once they are in the log. ``events`` says what comes next. So
    a sweep that was cut off goes on like one that was not: a new ``Sweep`` takes in what the log
    holds, and a fresh sampler is asked everything again (see ``Asking``).
    """

    def __init__(self, pending: Pending, plan: Plan | None = None) -> None:
        """``plan``: where it is not that of the request's sampler; it decides the order."""
        self._plan = plan or Plan.of(pending.request.strategy, pending.trials)
        self._asking = Asking(self._plan)
        self._standing = Standing(pending.request.direction)
        self._picks = Picks(pending.request.direction)
        self._manifest: SweepManifest | None = None
        self._recorded: SweepManifest | None = None
        self._is_running = False
        self._open: dict[int, Trial] = {}
        self._due: list[int] = []
        self._arrived: dict[int, tuple[EncodedEvent, End]] = {}
        self._best: EncodedEvent | None = None
        self._ticked = 0
        self._measured = 0
        self._said = 0
        self._digest = Digest()

    def add(self, event: EncodedEvent) -> None:
        """Take in the next event of the stream, of any type. Raises ``UnknownEventType``."""
        match event.type:
            case "state":
                self._add_state(event)
            case "trial":
                self._add_trial(event)
            case "progress":
                progressed = decode(event.type, event.payload)
                assert isinstance(progressed, Progressed)
                self._ticked = progressed.trial
            case "metric":
                self._measured += 1
            case "log":
                self._said += 1
            case _:
                decode(event.type, event.payload)  # raises: it is of another time
        if event.type in ("trial", "progress", "metric"):
            self._digest.add([event])

    def running(self, manifest: SweepManifest) -> None:
        """Say with what trials are evaluated from now on. Raises ``Diverged`` where that is new."""
        self._manifest = manifest
        if self._recorded is not None and manifest != self._recorded:
            differs = ", ".join(
                name
                for name in manifest.__struct_fields__
                if getattr(manifest, name) != getattr(self._recorded, name)
            )
            raise Diverged(f"the trials so far were evaluated with another {differs}")

    def question(self) -> Question | None:
        """Give what the sampler is to be asked next, once; ``None``: nothing now."""
        return self._asking.question(self._standing.ended)

    def answer(self, points: Sequence[Params]) -> None:
        """Take in the sampler's answer. Raises ``Diverged`` naming the trial."""
        self._asking.answer(points)

    def due(self, limit: int) -> list[Trial]:
        """Hand out up to ``limit`` trials to evaluate, the oldest first, each of them once."""
        trials: list[Trial] = []
        while self._due and len(trials) < limit:
            number = heappop(self._due)
            if number in self._open:
                trials.append(self._open[number])
        return trials

    def ended(self, events: Sequence[EncodedEvent]) -> None:
        """Take in the ends of trials (``encode_ended``), in any order; a second end is ignored."""
        for event in events:
            end = read_end(event.payload)
            if end.number in self._open:
                self._arrived.setdefault(end.number, (event, end))

    def events(self) -> list[EncodedEvent]:
        """Give what comes next in the log, as far as that is known by now."""
        if self._manifest is None:
            return []
        events = self._beginning()
        asked, standing, ticked = self._asking.logged, self._standing, self._ticked
        while standing.ended < self._plan.trials:
            ended = standing.ended
            event: EncodedEvent | None = None
            if ended > ticked and self._plan.is_tick(ended):
                event, ticked = encode(standing.progress(self._plan.trials)), ended
            elif asked < self._plan.asked_by(ended):
                event, asked = self._asking.new(asked), asked + 1
            elif ended in self._arrived:
                event, end = self._arrived[ended]
                standing = standing.after(end)
            if event is None:
                break
            events.append(event)
        return events

    @property
    def all_ended(self) -> bool:
        """Whether the log holds every trial's end: all that is left is ``finish``."""
        return self._standing.ended == self._plan.trials

    def picks(self) -> list[Trial]:
        """Of each window of a walk-forward the trial that is best in sample, as known by now."""
        return self._picks.trials()

    def finish(self, equity: bytes | None = None) -> list[EncodedEvent]:
        """Give the last events, once all trials have ended: progress, metrics of the best, state.

        ``equity``: of a walk-forward, goes into the log with the last progress.
        """
        last = self._standing.progress(self._plan.trials)
        closing = [*map(encode, self._best_metrics()[self._measured :])]
        if self._ticked < self._plan.trials:
            if stitched := self._stitched():
                last = msgspec.structs.replace(last, walk_forward=stitched)
            closing.insert(0, encode(last, equity))
        digest = self._digest.copy()
        digest.add(closing)
        end = self._failure() or Completed(digest.hexdigest())
        return [*self._beginning(), *closing, encode(end)]

    def _add_state(self, event: EncodedEvent) -> None:
        state = decode(event.type, event.payload)
        self._is_running = isinstance(state, Running)
        if isinstance(state, Running) and self._recorded is None:
            self._recorded = state.manifest
            self._digest.add([event])

    def _add_trial(self, event: EncodedEvent) -> None:
        end = read_end(event.payload)
        if end.phase == "asked":
            self._asking.add(event)
            self._open[end.number] = Trial(end.number, end.params)
            heappush(self._due, end.number)
            return
        self._standing = self._standing.after(end)
        if self._standing.best is end:
            self._best = event
        self._asking.add_value(end.value)
        self._picks.add(end)
        self._open.pop(end.number, None)
        self._arrived.pop(end.number, None)

    def _beginning(self) -> list[EncodedEvent]:
        assert self._manifest is not None
        events = [] if self._is_running else [encode(Running(self._manifest))]
        if not self._asking.logged:
            warnings = self._manifest.warnings[self._said :]
            events += [encode(Logged(message, "warning")) for message in warnings]
        return events

    def _best_metrics(self) -> list[Measured]:
        if self._best is None:
            return []
        best = decode(self._best.type, self._best.payload)
        assert isinstance(best, TrialCompleted)
        return [Measured(name, value) for name, value in (best.full or {}).items()]

    def _stitched(self) -> list[Stitched]:
        assert self._manifest is not None
        return self._picks.stitched(self._manifest.windows)

    def _failure(self) -> Failed | None:
        if self._standing.failed < self._plan.trials:
            return None
        error = f"all {self._plan.trials} trials failed; the first: {self._standing.first_error}"
        return Failed(readable(error), "running")
