"""The bars of a backtest, or of a part of its sessions, laid out for trials to run on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from domain.engine import figures, metrics
from domain.engine.account import Integers, Market
from domain.engine.benchmark_curve import daily, invested_in
from domain.engine.course import Scenario, changes_on, costs_of
from domain.engine.metrics import Metrics
from domain.engine.signal_course import rebalancing_periods, shown_bars
from domain.engine.timeline import align
from domain.errors import DomainError
from domain.indicators.remembered import MEMORY_BYTES, Memory
from domain.market.actions import Actions
from domain.market.bars import COLUMNS, Bars, Floats, read_only
from domain.market.sessions import last_of_day
from domain.optimizations.trading import Found, trade_all
from domain.optimizations.workbench import Ground, Workbench
from domain.runs.manifest import Provided, periods_per_year
from domain.runs.request import BacktestRequest


class Span(NamedTuple):
    """The session days [start, stop) to trade on, as days since 1970-01-01; None is no bound."""

    start: int | None = None
    stop: int | None = None


WHOLE = Span()


class Run(NamedTuple):
    """What a simulation came to, over d session days.

    ``marks``: the initial capital and each day's last equity, float64[d + 1]; ``returns``: of each
    day, float64[d], see ``daily_returns``.
    """

    metrics: Metrics
    marks: Floats
    returns: Floats


class Stage:
    """A request's bars within a span, aligned once; what comes before the span is to warm up on.

    ``scenario``: what one course would simulate, nothing of it later than the span; ``shown``: the
    bars as a signal strategy sees them; ``places``: how many of the bars shown to the whole
    backtest come before each symbol's first and up to its last that is traded here;
    ``periods_per_year``: of the whole backtest. Raises ``DomainError`` where there is no bar.
    """

    def __init__(
        self,
        request: BacktestRequest,
        data: Sequence[Provided],
        benchmark: Bars | None,
        span: Span = WHOLE,
        *,
        lends: bool = False,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        """``data``: of each symbol, with the warm-up of the request or more.

        ``lends`` and ``memory_bytes``: of the indicators remembered over the bars shown.
        """
        trimmed = [_trimmed(each, request.execution.warmup_bars) for each in data]
        self.periods_per_year = periods_per_year(request, trimmed)
        self.places = [_places(each, request, span) for each in trimmed]
        self.scenario = Scenario(
            request,
            [
                bars.part(0, stop)
                for (bars, *_), (_, stop) in zip(trimmed, self.places, strict=True)
            ],
            [start for start, _ in self.places],
            [
                each.acting() if stop else Actions.none(each.bars.symbol)
                for each, (_, stop) in zip(trimmed, self.places, strict=True)
            ],
        )
        if all(start == stop for start, stop in self.places):
            raise DomainError(f"no bar of {', '.join(request.symbols)} in this range of sessions")
        self.shown = shown_bars(self.scenario)
        series = [getattr(bars, name) for bars in self.shown for name in COLUMNS[1:]]
        self.memory = Memory(series, lends=lends, bytes_max=memory_bytes)
        self._benchmark = benchmark
        self._ground, self._rows = self._laid_out()

    @property
    def size(self) -> tuple[int, int]:
        """Rows and symbols."""
        return self._ground.timeline.close.shape

    @property
    def changes(self) -> int:
        """How many changes of what is held there are."""
        return len(self._ground.changes.row)

    @property
    def days(self) -> Integers:
        """The session days traded on, int64[d]."""
        return self._ground.days[self._ground.closing]

    def traded_part(self, weights: Sequence[Floats]) -> list[Floats]:
        """Of each symbol's weights, from the first bar shown on, those at the bars traded."""
        return [
            given[start:stop] for given, (start, stop) in zip(weights, self.places, strict=True)
        ]

    def place(self, weights: Sequence[Floats], target: Floats) -> None:
        """Lay each symbol's weights at its traded bars into ``target``, float64[n, k]."""
        for symbol, (given, rows) in enumerate(zip(weights, self._rows, strict=True)):
            if rows is None:
                target[:, symbol] = given
            else:
                target[:, symbol] = np.nan
                target[rows, symbol] = given

    def trade(
        self, request: BacktestRequest, targets: Floats, bench: Workbench
    ) -> list[Run | None]:
        """Simulate target weights, float64[b, n, k], one run after the other.

        ``request`` may differ from the stage's in its costs and rates; ``bench`` has room for as
        many rows or more. ``None`` is a run that ``require_sane`` would refuse.
        """
        capital, rate = request.initial_capital, request.execution.risk_free_rate
        terms = figures.Terms(capital, self.periods_per_year, rate)
        costs, ground = costs_of(request), self._ground
        period = read_only(rebalancing_periods(ground.days, request.execution))
        ground = ground._replace(market=ground.market._replace(period=period))
        runs, days = len(targets), len(ground.closing)
        found = Found(
            np.empty((runs, len(figures.NAMES))),
            np.empty((runs, days + 1)),
            np.empty((runs, days)),
            np.empty(runs, np.bool_),
        )
        trade_all(terms, costs, ground, read_only(targets), bench, found)
        against = self.against(request)
        return [
            Run(metrics.named(row) | self._relative(terms, marks, against), marks, returns)
            if sane
            else None
            for row, marks, returns, sane in zip(*found, strict=True)
        ]

    def against(self, request: BacktestRequest) -> tuple[Integers, Floats] | None:
        """The benchmark at the end of each day: see ``metrics.summarise``."""
        if self._benchmark is None:
            return None
        ground, capital = self._ground, request.initial_capital
        value = invested_in(self._benchmark, capital, ground.timeline.timestamp)
        return daily(value, ground.days, last_of_day(ground.days))

    def _relative(
        self, terms: figures.Terms, equity: Floats, against: tuple[Integers, Floats] | None
    ) -> Metrics:
        return {} if against is None else metrics.relative(terms, equity[1:], self.days, *against)

    def _laid_out(self) -> tuple[Ground, list[Integers | None]]:
        traded = self.scenario.traded()
        # Each bar's own number in place of a weight: where it comes to lie is where weights go.
        timeline = align(traded, [np.arange(float(len(each))) for each in traded])
        rows = [np.flatnonzero(~np.isnan(column)) for column in timeline.target.T]
        moments = timeline.timestamp
        days = read_only(self.scenario.days(moments))
        market = Market(
            timestamp=moments,
            open=timeline.open,
            close=timeline.close,
            volume=timeline.volume,
            target=timeline.target,
            period=days,
            snapshot=read_only(np.zeros(len(moments), np.bool_)),
        )
        changes = changes_on(days, self.scenario.actions)
        closing = read_only(np.flatnonzero(last_of_day(days)))
        ground = Ground(market, timeline, changes, days, closing)
        return ground, [None if len(each) == len(moments) else each for each in rows]


def _trimmed(provided: Provided, warmup: int) -> Provided:
    spare = max(provided.warmup_bars - warmup, 0)
    bars = provided.bars.part(spare, len(provided.bars)) if spare else provided.bars
    return provided._replace(bars=bars, warmup_bars=provided.warmup_bars - spare)


def _places(provided: Provided, request: BacktestRequest, span: Span) -> tuple[int, int]:
    start, stop = provided.warmup_bars, len(provided.bars)
    if span == WHOLE:
        return start, stop
    days = Scenario(request, [], [], []).days(provided.bars.timestamp)
    if span.start is not None:
        start = max(start, int(np.searchsorted(days, span.start)))
    if span.stop is not None:
        stop = max(start, int(np.searchsorted(days, span.stop)))
    return start, stop
