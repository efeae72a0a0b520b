"""Bars to trade on, and runs as their readers see them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from domain.engine import tape
from domain.engine.simulate import simulate
from domain.market.actions import Actions
from domain.market.bars import Bars
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.runs.events import EncodedEvent, RunEvent, decode
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest, Execution, StrategySpec, normalise

MONDAY = 19_723 * MICROSECONDS_PER_DAY  # 2024-01-01

Weights = Sequence[float | None]


class Outcome(NamedTuple):
    """All that a run has said."""

    events: list[EncodedEvent]
    moments: list[int]

    @property
    def decoded(self) -> list[RunEvent]:
        return [decode(event.type, event.payload) for event in self.events]

    def table(self, name: str) -> pl.DataFrame:
        segments = [event.attachment for event in self.events if event.attachment is not None]
        return pl.concat([tape.decode(segment)[name] for segment in segments])

    def rows_of(self, table: pl.DataFrame) -> list[int]:
        """The number of the bar (of the timeline, from 0) of each row."""
        return [self.moments.index(moment) for moment in table["timestamp"].cast(pl.Int64)]

    @property
    def fills(self) -> list[tuple[int, str, str, float, float, float]]:
        """(bar, symbol, side, quantity, price, commission) of every fill."""
        table = self.table("fills")
        columns = table.select("symbol", "side", "quantity", "price", "commission").rows()
        return [(bar, *row) for bar, row in zip(self.rows_of(table), columns, strict=True)]

    @property
    def orders(self) -> list[tuple[int, int, str, str, float, str | None]]:
        """(bar, order number, side, status, quantity, reason) of every order event."""
        table = self.table("orders")
        columns = table.select("order_id", "side", "status", "quantity", "reason").rows()
        return [(bar, *row) for bar, row in zip(self.rows_of(table), columns, strict=True)]

    @property
    def cash_events(self) -> list[tuple[int, str | None, str, float, float]]:
        """(bar, symbol, kind, quantity, amount) of every change of cash that is no fill."""
        table = self.table("cash_events")
        columns = table.select("symbol", "kind", "quantity", "amount").rows()
        return [(bar, *row) for bar, row in zip(self.rows_of(table), columns, strict=True)]

    @property
    def account(self) -> list[tuple[float, float]]:
        """(cash, positions) at every row."""
        return self.table("equity").select("cash", "positions").rows()


def bars(
    symbol: str,
    opens: Sequence[float],
    closes: Sequence[float],
    *,
    at: Sequence[int] | None = None,
    volume: Sequence[float] | None = None,
    resolution: Resolution = Resolution.DAY,
    start: int = MONDAY,
) -> Bars:
    """Bars that open and close at these prices; ``at`` are their places on the time axis."""
    places = np.array(range(len(opens)) if at is None else at, dtype=np.int64)
    opened, closed = np.array(opens, dtype=np.float64), np.array(closes, dtype=np.float64)
    return Bars(
        symbol,
        start + places * (resolution.microseconds or 1),
        opened,
        np.maximum(opened, closed),
        np.minimum(opened, closed),
        closed,
        np.full(len(opened), 1e6) if volume is None else np.array(volume, dtype=np.float64),
    )


def quotes(symbol: str, *quoted: tuple[float, float, float, float], **placed: Any) -> Bars:
    """Daily bars with these (open, high, low, close); the rest as in ``bars``."""
    opens, highs, lows, closes = zip(*quoted, strict=True)
    made = bars(symbol, opens, closes, **placed)
    extremes = {"high": np.array(highs, np.float64), "low": np.array(lows, np.float64)}
    return msgspec.structs.replace(made, **extremes)


def actions(symbol: str, *given: tuple[int, float, float], start: int = MONDAY) -> Actions:
    """Corporate actions: (day, split, dividend per share), days counted from ``start``."""
    day, split, dividend = np.array(given, dtype=np.float64).reshape(-1, 3).T.copy()
    return Actions(symbol, start + day.astype(np.int64) * MICROSECONDS_PER_DAY, split, dividend)


def request_for(
    symbols: Sequence[str],
    strategy: str,
    params: dict[str, Any],
    *,
    capital: float = 1_000.0,
    resolution: Resolution = Resolution.DAY,
    timezone: str = "UTC",
    benchmark_symbol: str | None = None,
    **execution: Any,
) -> BacktestRequest:
    """A normalised request; what is not named here is a field of ``execution``."""
    return normalise(
        BacktestRequest(
            symbols=list(symbols),
            start_date="2000-01-01",
            end_date="2030-01-01",
            resolution=resolution,
            strategy=StrategySpec(strategy, params),
            execution=msgspec.convert(execution, Execution),
            initial_capital=capital,
            timezone=timezone,
            benchmark_symbol=benchmark_symbol,
        )
    )


def run(
    data: Sequence[Bars],
    strategy: str,
    params: dict[str, Any] | None = None,
    *,
    benchmark: Bars | None = None,
    warnings: Sequence[str] = (),
    actions: Sequence[Actions] = (),
    warmup_bars: int = 0,
    **settings: Any,
) -> Outcome:
    """Simulate a strategy over these bars, the first of each to warm up on, to the last event."""
    request = request_for([each.symbol for each in data], strategy, params or {}, **settings)
    against = None if benchmark is None else Provided(benchmark, "catalog")
    provided = [Provided(each, "catalog", warmup_bars=warmup_bars) for each in data]
    manifest = describe(request, provided, against, warnings)
    events = [event for batch in simulate(manifest, data, benchmark, actions) for event in batch]
    moments = sorted({int(moment) for each in data for moment in each.timestamp[warmup_bars:]})
    return Outcome(events, moments)


def run_script(data: Sequence[Bars], weights: Sequence[Weights], **settings: Any) -> Outcome:
    """Simulate target weights given per symbol and bar."""
    script = {each.symbol: list(given) for each, given in zip(data, weights, strict=True)}
    return run(data, "scripted", {"weights": script}, **settings)


def assert_fills(outcome: Outcome, *expected: tuple[int, str, str, float, float, float]) -> None:
    """The fills are these: (bar, symbol, side, quantity, price, commission), numbers to 1e-12."""
    assert [fill[:3] for fill in outcome.fills] == [fill[:3] for fill in expected]
    for fill, right in zip(outcome.fills, expected, strict=True):
        np.testing.assert_allclose(fill[3:], right[3:], rtol=1e-12, err_msg=str(right))


def assert_cash_events(
    outcome: Outcome, *expected: tuple[int, str | None, str, float, float]
) -> None:
    """Cash changed so: (bar, symbol, kind, quantity, amount), numbers to 1e-12."""
    assert [event[:3] for event in outcome.cash_events] == [event[:3] for event in expected]
    for event, right in zip(outcome.cash_events, expected, strict=True):
        np.testing.assert_allclose(event[3:], right[3:], rtol=1e-12, err_msg=str(right))


def assert_account(outcome: Outcome, *expected: tuple[float, float]) -> None:
    """Cash and the positions' value at every row are these, to 1e-12 of what they add up to."""
    for bar, (found, right) in enumerate(zip(outcome.account, expected, strict=True)):
        np.testing.assert_allclose(found, right, 0, 1e-12 * sum(right), err_msg=f"bar {bar}")


def assert_orders(
    outcome: Outcome, *expected: tuple[int, int, str, str, float, str | None]
) -> None:
    """Orders went so: (bar, order number, side, status, quantity, reason), quantities to 1e-12."""
    assert [order[:4] for order in outcome.orders] == [order[:4] for order in expected]
    assert [order[5] for order in outcome.orders] == [order[5] for order in expected]
    quantities = [order[4] for order in expected]
    np.testing.assert_allclose([order[4] for order in outcome.orders], quantities, rtol=1e-12)
