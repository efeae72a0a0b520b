"""The engine: a pure generator from a manifest and bars to a run's events."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from domain.engine import metrics, tape
from domain.engine.account import Bools, Integers
from domain.engine.buffers import Fills
from domain.engine.course import Course, Scenario, Stretch
from domain.engine.event_course import EventCourse
from domain.engine.proceeds import Proceeds
from domain.engine.segments import benchmark_table, equity_table
from domain.engine.signal_course import SignalCourse
from domain.errors import StrategyFailed
from domain.market.actions import Actions
from domain.market.bars import Bars, Floats, Times
from domain.market.moments import iso
from domain.market.sessions import last_of_day
from domain.runs.events import (
    Completed,
    Digest,
    EncodedEvent,
    Logged,
    Measured,
    Progressed,
    Started,
    encode,
)
from domain.runs.manifest import Manifest
from domain.runs.request import BacktestRequest
from domain.strategies import registry
from domain.strategies.code import Code
from domain.strategies.event import EventStrategy

TICKS_MAX = 50
BARS_PER_TICK = 100
EQUITY_MAX = 1e30  # account currency; a float this large is exact to 1e14


def simulate(
    manifest: Manifest,
    bars: Sequence[Bars],
    benchmark: Bars | None = None,
    actions: Sequence[Actions] = (),
    *,
    code: Code | None = None,
) -> Iterator[list[EncodedEvent]]:
    """Run the backtest that ``manifest`` describes over ``bars``, one ``Bars`` per symbol.

    ``actions``: the corporate actions of each symbol, empty where no symbol has any. ``code``
    defines the strategy where it is a user's own. Yields batches of events from ``state running``
    to ``state completed``: one batch per progress tick, whose place depends on the number of bars
    alone. Same arguments, same bytes, anywhere.
    Raises ``StrategyFailed`` where the strategy's own code fails, or makes more money than can be.
    """
    digest = Digest()
    for batch in _simulate(manifest, bars, benchmark, actions, code):
        digest.add(batch)
        yield batch
    yield [encode(Completed(digest.hexdigest()))]


def tick_rows(rows: int) -> list[int]:
    """After how many of ``rows`` rows each progress tick falls: fifty, or one in a hundred rows."""
    ticks = min(max(rows // BARS_PER_TICK, 1), TICKS_MAX)
    return [rows * tick // ticks for tick in range(1, ticks + 1)]


def _simulate(
    manifest: Manifest,
    bars: Sequence[Bars],
    benchmark: Bars | None,
    actions: Sequence[Actions],
    code: Code | None,
) -> Iterator[list[EncodedEvent]]:
    request = manifest.request
    yield [
        encode(Started(manifest)),
        *(encode(Logged(message, "warning")) for message in manifest.warnings),
    ]
    scenario = Scenario(
        request,
        bars,
        [dataset.warmup_bars for dataset in manifest.data],
        actions or [Actions.none(each.symbol) for each in bars],
    )
    course = _course(scenario, code)
    moments = course.timeline.timestamp
    invested = None if benchmark is None else _invested(benchmark, request, moments)
    recorder = _Recorder(course, pl.Series(request.symbols, dtype=pl.String), invested)
    yield from recorder.progress()

    summary = metrics.summarise(
        initial_capital=request.initial_capital,
        equity=recorder.equity,
        days=course.days,
        fills=recorder.all_fills(),
        profits=recorder.proceeds.profits(),
        bars_with_position=course.rows_in_market,
        periods_per_year=manifest.periods_per_year,
        risk_free_rate=request.execution.risk_free_rate,
        benchmark=None if invested is None else _daily(invested, course.days, recorder.snapshot),
    )
    yield [encode(Measured(name, value)) for name, value in summary.items()]


def _course(scenario: Scenario, code: Code | None) -> Course:
    wanted = scenario.request.strategy
    strategy = registry.create(wanted.name, wanted.params, code)
    if isinstance(strategy, EventStrategy):
        return EventCourse(strategy, scenario)
    return SignalCourse(strategy, scenario)


class _Recorder:
    """Takes a course from stretch to stretch, and keeps what its metrics need afterwards."""

    def __init__(self, course: Course, symbols: pl.Series, invested: Floats | None) -> None:
        self._course = course
        self._invested = invested
        self._moments = course.timeline.timestamp
        self._ticks = tick_rows(len(self._moments))
        self._filled: list[Fills] = []
        self.proceeds = Proceeds(course, symbols)
        self.snapshot = last_of_day(course.days)
        self.equity = np.empty(len(self._moments))

    def progress(self) -> Iterator[list[EncodedEvent]]:
        """Simulate everything, yielding the events of each tick, its progress last."""
        start = 0
        for stop in self._ticks:
            stretch = self._course.advance(start, stop)
            self.equity[start:stop] = stretch.cash + stretch.positions
            self._require_sane(start, stop)
            self._filled.append(stretch.fills)
            yield [*map(encode, stretch.logs), self._tick(start, stop, stretch)]
            start = stop

    def all_fills(self) -> metrics.FillArrays:
        """Every fill of the run, in order."""
        names = metrics.FillArrays._fields
        return metrics.FillArrays(
            *(np.concatenate([getattr(fills, name) for fills in self._filled]) for name in names)
        )

    def _require_sane(self, start: int, stop: int) -> None:
        sane = np.abs(self.equity[start:stop]) <= EQUITY_MAX  # which NaN is not
        if not sane.all():
            row = start + int(sane.argmin())
            raise StrategyFailed(
                f"the account is worth {self.equity[row]:g} (bar {iso(int(self._moments[row]))});"
                f" {EQUITY_MAX:g} is the most: are the prices and splits right?"
            )

    def _tick(self, start: int, stop: int, stretch: Stretch) -> EncodedEvent:
        segment = {
            "equity": equity_table(self._moments[start:stop], stretch.cash, stretch.positions),
            **stretch.tables,
            **self.proceeds.extend(stretch, start, stop),
            "benchmark": self._benchmark(start, stop),
        }
        event = Progressed(
            progress=stop / len(self._moments),
            bar=stop,
            bars=len(self._moments),
            timestamp=iso(int(self._moments[stop - 1])),
            equity=float(self.equity[stop - 1]),
        )
        return encode(event, tape.encode(segment))

    def _benchmark(self, start: int, stop: int) -> pl.DataFrame:
        if self._invested is None:
            return tape.EMPTY["benchmark"]
        known = self.snapshot[start:stop] & ~np.isnan(self._invested[start:stop])
        rows = start + np.flatnonzero(known)
        return benchmark_table(self._moments[rows], self._invested[rows])


def _invested(benchmark: Bars, request: BacktestRequest, timestamp: Times) -> Floats:
    # The initial capital in the benchmark, bought at its first close; NaN before that.
    latest = np.searchsorted(benchmark.timestamp, timestamp, side="right") - 1
    marks: Floats = np.where(latest < 0, np.nan, benchmark.close[latest])
    first = float(marks[np.isnan(marks).argmin()])
    return request.initial_capital * (marks / first)


def _daily(value: Floats, days: Integers, last_of_day: Bools) -> tuple[Integers, Floats]:
    known = last_of_day & ~np.isnan(value)
    return days[known], value[known]
