"""The engine: a pure generator from a manifest and bars to a run's events."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from domain.engine import kernel, metrics, tape
from domain.engine.account import Account, Bools, Exposures, Fills, Integers, Market, Orders
from domain.engine.matching import Costs
from domain.engine.segments import (
    benchmark_table,
    equity_table,
    exposures_table,
    fills_table,
    orders_table,
)
from domain.engine.targets import target_weights
from domain.engine.timeline import align
from domain.market.bars import Bars, Floats, Times, read_only
from domain.market.moments import iso
from domain.market.sessions import last_of_day, session_days
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
from domain.runs.request import BacktestRequest, Execution
from domain.strategies import registry

TICKS_MAX = 100
BARS_PER_TICK = 100


def simulate(
    manifest: Manifest, bars: Sequence[Bars], benchmark: Bars | None = None
) -> Iterator[list[EncodedEvent]]:
    """Run the backtest that ``manifest`` describes over ``bars``, one ``Bars`` per symbol.

    Yields batches of events from ``state running`` to ``state completed``: one batch per progress
    tick, whose place depends on the number of bars alone. Same arguments, same bytes, anywhere.
    Raises ``StrategyFailed`` where the strategy's own code fails.
    """
    digest = Digest()
    for batch in _simulate(manifest, bars, benchmark):
        digest.add(batch)
        yield batch
    yield [encode(Completed(digest.hexdigest()))]


def tick_rows(rows: int) -> list[int]:
    """After how many of ``rows`` rows each progress tick falls: about one in a hundred rows."""
    ticks = min(max(rows // BARS_PER_TICK, 1), TICKS_MAX)
    return [rows * tick // ticks for tick in range(1, ticks + 1)]


def _simulate(
    manifest: Manifest, bars: Sequence[Bars], benchmark: Bars | None
) -> Iterator[list[EncodedEvent]]:
    request = manifest.request
    yield [
        encode(Started(manifest)),
        *(encode(Logged(message, "warning")) for message in manifest.warnings),
    ]
    strategy = registry.create(request.strategy.name, request.strategy.params)
    targets = [target_weights(strategy, each, len(bars)) for each in bars]
    timeline = align(bars, targets)
    days = read_only(session_days(timeline.timestamp, request.resolution, request.timezone))
    market = Market(
        *timeline,
        period=read_only(_rebalancing_periods(days, request.execution)),
        snapshot=read_only(last_of_day(days)),
    )
    invested = None if benchmark is None else _invested(benchmark, request, timeline.timestamp)
    stretches = _Stretches(request, market, invested)
    yield from stretches.progress()

    summary = metrics.summarise(
        initial_capital=request.initial_capital,
        equity=stretches.equity,
        days=days,
        fills=stretches.all_fills(),
        bars_with_position=int(stretches.account.rows_in_market[0]),
        periods_per_year=manifest.periods_per_year,
        risk_free_rate=request.execution.risk_free_rate,
        benchmark=None if invested is None else _daily(invested, days, market.snapshot),
    )
    yield [encode(Measured(name, value)) for name, value in summary.items()]


class _Stretches:
    """The simulation, a stretch of rows at a time, and what its metrics need afterwards."""

    def __init__(self, request: BacktestRequest, market: Market, invested: Floats | None) -> None:
        rows, symbols = market.open.shape
        self._names = pl.Series(request.symbols, dtype=pl.String)
        self._market = market
        self._invested = invested
        self._ticks = tick_rows(rows)
        self._costs = costs_of(request)
        self.account = Account.open(request.initial_capital, symbols, int(market.period[0]))
        self._cash = np.empty(rows)
        self._positions = np.empty(rows)
        self._filled: list[metrics.FillArrays] = []
        self.equity = np.empty(rows)

    def progress(self) -> Iterator[list[EncodedEvent]]:
        """Simulate everything, yielding the progress event of each tick."""
        rows, symbols = self._market.open.shape
        room = max(np.diff(self._ticks, prepend=0)) * symbols
        start = 0
        for stop in self._ticks:
            # Per row and symbol at most: one fill; one order filled in part, its rest cancelled,
            # the next cancelled and another submitted. One more per symbol may expire at the end.
            fills, orders = Fills.room_for(room), Orders.room_for(4 * room + symbols)
            exposures = Exposures.room_for(room)
            kernel.run(
                self._market, self._costs, self.account, self._cash, self._positions,
                fills, orders, exposures, start, stop,
            )  # fmt: skip
            if stop == rows:
                kernel.expire(self.account, orders, stop - 1)
            yield [self._tick(start, stop, fills, orders, exposures)]
            start = stop

    def all_fills(self) -> metrics.FillArrays:
        """Every fill of the run, in order."""
        columns = zip(*self._filled, strict=True)
        return metrics.FillArrays(*(np.concatenate(column) for column in columns))

    def _tick(
        self, start: int, stop: int, fills: Fills, orders: Orders, exposures: Exposures
    ) -> EncodedEvent:
        moments, rows = self._market.timestamp, len(self._market.timestamp)
        stretch = slice(start, stop)
        cash, positions = self._cash[stretch], self._positions[stretch]
        self.equity[stretch] = cash + positions
        count = int(fills.size[0])
        self._filled.append(
            metrics.FillArrays(
                # Copies: a view would keep the stretch's whole buffer alive.
                fills.symbol[:count].copy(),
                fills.quantity[:count].copy(),
                fills.price[:count].copy(),
                fills.commission[:count].copy(),
                fills.slippage[:count].copy(),
            )
        )
        segment = {
            "equity": equity_table(moments[stretch], cash, positions),
            "fills": fills_table(fills, moments, self._names),
            "orders": orders_table(orders, moments, self._names),
            "exposures": exposures_table(exposures, moments, self._names, self.equity),
            "benchmark": self._benchmark(start, stop),
        }
        event = Progressed(
            progress=stop / rows,
            bar=stop,
            bars=rows,
            timestamp=iso(int(moments[stop - 1])),
            equity=float(self.equity[stop - 1]),
        )
        return encode(event, tape.encode(segment))

    def _benchmark(self, start: int, stop: int) -> pl.DataFrame:
        if self._invested is None:
            return tape.EMPTY["benchmark"]
        known = self._market.snapshot[start:stop] & ~np.isnan(self._invested[start:stop])
        rows = start + np.flatnonzero(known)
        return benchmark_table(self._market.timestamp[rows], self._invested[rows])


def costs_of(request: BacktestRequest) -> Costs:
    """Bring a request's execution settings into the units of the arithmetic."""
    execution = request.execution
    participation = execution.max_volume_participation
    return Costs(
        slippage=execution.slippage_bps / 10_000,
        commission=execution.commission_bps / 10_000,
        commission_per_share=execution.commission_per_share,
        commission_minimum=execution.commission_minimum,
        lot_size=execution.lot_size or 0.0,
        participation=np.inf if participation is None else participation,
        delay=request.resolution.microseconds + round(execution.latency_ms * 1_000),
    )


def _rebalancing_periods(days: Integers, execution: Execution) -> Integers:
    match execution.rebalance:
        case "on_change":
            return np.zeros(len(days), np.int64)
        case "daily":
            return days
        case "weekly":
            return (days + 3) // 7  # day 0 was a Thursday; weeks begin on Monday
        case "monthly":
            return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _invested(benchmark: Bars, request: BacktestRequest, timestamp: Times) -> Floats:
    # The initial capital in the benchmark, bought at its first close; NaN before that.
    latest = np.searchsorted(benchmark.timestamp, timestamp, side="right") - 1
    marks: Floats = np.where(latest < 0, np.nan, benchmark.close[latest])
    first = float(marks[np.isnan(marks).argmin()])
    return request.initial_capital * (marks / first)


def _daily(value: Floats, days: Integers, last_of_day: Bools) -> tuple[Integers, Floats]:
    known = last_of_day & ~np.isnan(value)
    return days[known], value[known]
