"""One optimization from where its log is to its end: ask, evaluate, append, and again."""

import heapq
import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import aclosing
from typing import Literal, NamedTuple

import anyio

from domain.optimizations.events import (
    Failed,
    Pending,
    Running,
    TrialFailed,
    decode,
    encode,
    readable,
)
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.search_space import Trial
from domain.optimizations.sweep import Sweep
from domain.runs.events import EncodedEvent, Limit
from domain.strategies.code import Code
from eventstore.store import EventStore
from service.execution.executor import Executor, ExecutorDied, LimitExceeded
from service.execution.frames import Conclude, Evaluate, Prepare, SweepJob
from service.execution.lanes import RETRY_SECONDS
from service.optimizations.projection import stream_of
from service.optimizations.samplers import Choose
from service.runs import stored_form

ATTEMPTS_MAX = 3
DUE_TRIALS_MAX = 1024
CHUNK_TRIALS_MAX = 256
CHUNK_SECONDS = 0.2


class PerformanceFailed(Exception):
    """The optimization cannot go on; the message says why."""


class Score(NamedTuple):
    """What is to be performed: an optimization as it was accepted."""

    optimization_id: str
    pending: Pending
    code: Code | None


class _Due(NamedTuple):
    number: int
    trial: Trial


class Performance:
    """Keeps the executor busy with due trials, and the log going with what comes of them."""

    def __init__(self, store: EventStore, score: Score, executor: Executor, choose: Choose) -> None:
        self._store = store
        self._score = score
        self._executor = executor
        self._choose = choose
        self._sweep = Sweep(score.pending)
        self._version = 1
        self._manifest: SweepManifest
        wanted = score.pending.request.concurrency or executor.capacity
        self._workers = min(wanted, executor.capacity)
        self._subject = score.optimization_id, score.pending.request, score.code
        self._due: list[_Due] = []
        self._strikes: dict[int, int] = {}
        self._came_due = anyio.Event()
        self._arrived = anyio.Event()
        self._began = 0.0
        self._ended = 0
        self._seconds = 0.0

    def recall(self, events: Sequence[EncodedEvent]) -> None:
        """Take in what the log holds already, after its first event."""
        for event in events:
            self._sweep.add(event)
        self._version += len(events)

    def seconds_a_trial(self) -> float | None:
        """How long a trial has taken on average, with all engines at work; ``None`` at first.

        It changes only when trials have ended.
        """
        return self._seconds / self._ended if self._ended else None

    async def play(self) -> None:
        """Perform the rest, to the last event.

        Raises ``PerformanceFailed``, what the sampler and the log raise, and ``Diverged`` where
        what comes of it now is not what the log holds.
        """
        self._manifest = await self._prepare()
        self._sweep.running(self._manifest)
        self._began = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for _ in range(self._workers):
                tasks.start_soon(self._work)
            await self._write_until_all_ended()
            tasks.cancel_scope.cancel()
        picks = [trial.params for trial in self._sweep.picks()]
        equity = None
        if picks:
            conclude = Conclude(*self._subject, self._manifest, picks)
            equity = (await self._ask(conclude)).attachment
        await self._append(self._sweep.finish(equity))

    async def _write_until_all_ended(self) -> None:
        while not self._sweep.all_ended:
            arrived = self._arrived
            for trial in self._sweep.due(DUE_TRIALS_MAX):
                self._hand_out(trial)
            if question := self._sweep.question():
                self._sweep.answer(await self._choose(question))
            if events := self._sweep.events():
                await self._append(events)
            elif not question:
                await arrived.wait()
                self._arrived = anyio.Event()

    async def _append(self, events: Sequence[EncodedEvent]) -> None:
        stream = stream_of(self._score.optimization_id)
        appended = await self._store.append(stream, stored_form(events), self._version)
        self._version = appended.version
        for event in events:
            self._sweep.add(event)

    async def _work(self) -> None:
        while True:
            came_due = self._came_due
            if trials := self._chunk():
                await self._evaluate(trials)
            else:
                await came_due.wait()

    def _chunk(self) -> list[Trial]:
        # Shares get smaller towards the end, so that all engines end together.
        share = min(math.ceil(len(self._due) / self._workers), CHUNK_TRIALS_MAX)
        trials: list[Trial] = []
        while len(trials) < share:
            if trials and self._due[0].number in self._strikes:
                break
            trials.append(heapq.heappop(self._due).trial)
            if trials[0].number in self._strikes:
                break
        return trials

    async def _evaluate(self, trials: list[Trial]) -> None:
        left = deque(trials)
        job = Evaluate(*self._subject, self._manifest, trials, CHUNK_SECONDS)
        broke: ExecutorDied | LimitExceeded | None = None
        try:
            async with aclosing(self._executor.evaluate(job)) as batches:
                async for events in batches:
                    _require_done(events)
                    for _ in events:
                        self._strikes.pop(left.popleft().number, None)
                    self._take_in(events)
        except (ExecutorDied, LimitExceeded) as error:
            broke = error
        if left and (broke or len(left) == len(trials)):
            await self._suspect(left, broke)
        for trial in left:
            self._hand_out(trial)

    async def _suspect(
        self, left: deque[Trial], broke: ExecutorDied | LimitExceeded | None
    ) -> None:
        """Have these tried alone: over one of them an engine came to grief; fail one that was."""
        if isinstance(broke, ExecutorDied) and not broke.began:
            # Engines that cannot even start fail no trial; it waits until they can.
            await anyio.sleep(RETRY_SECONDS)
            return
        first = left[0]
        if first.number not in self._strikes:
            self._strikes |= {trial.number: 0 for trial in left}
            return
        self._strikes[first.number] += 1
        exceeded: Limit | Literal["process"]
        if isinstance(broke, LimitExceeded):
            error, exceeded = str(broke), broke.limit
        elif self._strikes[first.number] == ATTEMPTS_MAX:
            how = broke or "no engine answers"
            error = f"{how}, {ATTEMPTS_MAX} times in a row while evaluating this trial"
            exceeded = "process"
        else:
            return
        del self._strikes[left.popleft().number]
        failed = TrialFailed(first.number, first.params, readable(error), exceeded=exceeded)
        self._take_in([encode(failed)])

    def _take_in(self, events: Sequence[EncodedEvent]) -> None:
        self._sweep.ended(events)
        self._ended += len(events)
        self._seconds = time.monotonic() - self._began
        self._arrived.set()

    def _hand_out(self, trial: Trial) -> None:
        heapq.heappush(self._due, _Due(trial.number, trial))
        self._came_due.set()
        self._came_due = anyio.Event()

    async def _prepare(self) -> SweepManifest:
        answer = await self._ask(Prepare(*self._subject))
        running = decode(answer.type, answer.payload)
        assert isinstance(running, Running)
        return running.manifest

    async def _ask(self, job: SweepJob) -> EncodedEvent:
        """Have a job done that is answered by one event."""
        deaths = 0
        while True:
            try:
                async with aclosing(self._executor.evaluate(job)) as batches:
                    async for events in batches:
                        _require_done(events)
                        return events[0]
                raise ExecutorDied("the engine gave no answer")
            except ExecutorDied as error:
                deaths += error.began
                if deaths == ATTEMPTS_MAX:
                    raise PerformanceFailed(f"{error}, {deaths} times in a row") from error
                if not error.began:
                    await anyio.sleep(RETRY_SECONDS)
            except LimitExceeded as error:
                raise PerformanceFailed(str(error)) from error


def _require_done(events: Sequence[EncodedEvent]) -> None:
    for event in events:
        if event.type == "state" and isinstance(failed := decode("state", event.payload), Failed):
            raise PerformanceFailed(failed.error)
