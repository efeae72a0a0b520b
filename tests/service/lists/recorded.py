"""Runs made of events alone: no engine has seen them."""

from random import Random
from typing import NamedTuple
from uuid import UUID

from domain.runs.events import Failed, Measured, Progressed, Queued, RunEvent, encode
from domain.runs.lifecycle import Run, cancel, evolve
from domain.runs.request import BacktestRequest, StrategySpec
from eventstore.store import EventStore
from service.projections import stream_of
from service.runs import stored_form

STRATEGIES = ("buy_and_hold", "momentum", "rsi")
SYMBOLS = ("AAPL", "MSFT", "IBM")
NAMES = (None, "Straße und Fluß", "steep STRASSE", "plain")
TAGS = (None, {"team": "blue"}, {"team": "red", "team:blue": "x"}, {"a": "b:c"})
METRICS = ("sharpe_ratio", "total_return")


class Recorded(NamedTuple):
    """What is known of a run at one position: of it itself, and of what it was asked to be."""

    run: Run
    request: BacktestRequest
    metrics: dict[str, float | int | None]


class Recorder:
    """Appends the events of made-up runs, and remembers what the log held at each position."""

    def __init__(self, store: EventStore, seed: int) -> None:
        self._store = store
        self._random = Random(seed)
        self._now: dict[str, Recorded] = {}
        self.history: list[dict[str, Recorded]] = [{}]

    async def create(self) -> str:
        """Queue a run."""
        random = self._random
        run_id = str(UUID(int=random.getrandbits(128), version=4))
        request = BacktestRequest(
            symbols=random.sample(SYMBOLS, random.randint(1, 3)),
            start_date="2020-01-01",
            end_date="2021-01-01",
            strategy=StrategySpec(random.choice(STRATEGIES)),
            name=random.choice(NAMES),
            tags=random.choice(TAGS),
        )
        await self._append(run_id, request, Queued(request))
        return run_id

    async def go_on(self) -> None:
        """Let one of the runs that have not ended do something."""
        under_way = [each for each in self._now.values() if not each.run.state.final]
        if under_way:
            run, request, _ = self._random.choice(under_way)
            await self._append(run.run_id, request, self._next(run))

    async def end(self, run_id: str) -> None:
        """Cancel a run."""
        run, request, _ = self._now[run_id]
        await self._append(run_id, request, cancel(run))

    def _next(self, run: Run) -> RunEvent:
        random = self._random
        value = random.choice([None, 1, -2, 0.5, -0.25, 7.75])
        events: list[RunEvent] = [
            Progressed(random.random(), 1, 2, "2020-01-01T00:00:00+00:00", 1.0),
            *(Measured(metric, value) for metric in METRICS * 3),
            cancel(run),
            Failed("it broke", "queued"),
        ]
        return random.choice(events)

    async def _append(self, run_id: str, request: BacktestRequest, event: RunEvent) -> None:
        was = self._now.get(run_id)
        stream = stream_of(run_id)
        version = await self._store.head(stream)
        appended = await self._store.append(stream, stored_form([encode(event)]), version)
        (stored,) = await self._store.read(stream, version)
        run = evolve(run_id, was and was.run, event, stored.recorded_at)
        metrics = {} if was is None else was.metrics
        if isinstance(event, Measured):
            metrics = {**metrics, event.name: event.value}
        self._now = {**self._now, run_id: Recorded(run, request, metrics)}
        assert appended.position == len(self.history)
        self.history.append(self._now)
