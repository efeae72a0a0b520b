"""The course of a signal strategy: all its target weights first, then the compiled kernel."""

import numpy as np
import polars as pl

from domain.engine import kernel
from domain.engine.account import Account, Integers, Market
from domain.engine.buffers import Buffers
from domain.engine.course import Scenario, Stretch, changes_on, costs_of
from domain.engine.explanations import Explanations
from domain.engine.segments import (
    actions_table,
    cash_events_table,
    exposures_table,
    fills_table,
    orders_table,
)
from domain.engine.targets import forward_adjusted, target_weights
from domain.engine.timeline import align
from domain.market.bars import Bars, read_only
from domain.market.sessions import last_of_day
from domain.runs.request import Execution
from domain.strategies.base import SignalStrategy


class SignalCourse:
    """A ``Course`` over target weights."""

    def __init__(self, strategy: SignalStrategy, scenario: Scenario) -> None:
        """Ask the strategy for all its weights. Raises ``StrategyFailed``."""
        request = scenario.request
        traded, shown = scenario.traded(), _shown(scenario)
        targets = [
            target_weights(strategy, seen, len(traded))[warmup:]
            for seen, warmup in zip(shown, scenario.warmup, strict=True)
        ]
        self.timeline = align(traded, targets)
        moments, symbols = self.timeline.timestamp, len(traded)
        self.days = read_only(scenario.days(moments))
        self.changes = changes_on(self.days, scenario.actions)
        self._explanations = Explanations(strategy, shown, scenario.warmup, self.timeline)
        self._names = pl.Series(request.symbols, dtype=pl.String)
        self._costs = costs_of(request)
        self._market = Market(
            timestamp=moments,
            open=self.timeline.open,
            close=self.timeline.close,
            volume=self.timeline.volume,
            target=self.timeline.target,
            period=read_only(rebalancing_periods(self.days, request.execution)),
            snapshot=read_only(last_of_day(self.days)),
        )
        first_period = int(self._market.period[0])
        self._account = Account.open(request.initial_capital, symbols, first_period)
        self._cash = np.empty(len(moments))
        self._positions = np.empty(len(moments))
        self._room = 0

    @property
    def rows_in_market(self) -> int:
        """How many of the rows so far ended with a position."""
        return int(self._account.rows_in_market[0])

    def advance(self, start: int, stop: int) -> Stretch:
        """Simulate the rows ``start`` to ``stop`` (exclusive)."""
        buffers = self._buffers_for(stop - start)
        kernel.run(
            self._market, self._costs, self._account, self.changes, self._cash, self._positions,
            buffers, start, stop,
        )  # fmt: skip
        if stop == len(self._market.timestamp):
            kernel.expire(self._account, buffers.orders, stop - 1)
        self._explanations.listen(buffers.orders)
        put_into = self._explanations.put_into
        moments, names = self._market.timestamp, self._names
        cash, positions = self._cash[start:stop], self._positions[start:stop]
        due = slice(*np.searchsorted(self.changes.row, [start, stop]))
        exposures = exposures_table(buffers.exposures, moments, names, start, cash + positions)
        return Stretch(
            cash,
            positions,
            buffers.fills.used(),
            {
                "fills": put_into(fills_table(buffers.fills, moments, names)),
                "orders": put_into(orders_table(buffers.orders, moments, names)),
                "exposures": exposures,
                "cash_events": cash_events_table(buffers.cash_events, moments, names),
                "actions": actions_table(self.changes, due, moments, names),
            },
        )

    def _buffers_for(self, rows: int) -> Buffers:
        if rows > self._room:
            symbols, borrows = self._market.open.shape[1], self._costs.borrow > 0.0
            changes = len(self.changes.row)
            self._buffers = Buffers.room_for(rows, symbols, changes, borrows=borrows)
            self._room = rows
        self._buffers.clear()
        return self._buffers


def rebalancing_periods(days: Integers, execution: Execution) -> Integers:
    """Number the periods of ``rebalance`` that session days (int64[n]) belong to: int64[n]."""
    match execution.rebalance:
        case "on_change":
            return np.zeros(len(days), np.int64)
        case "daily":
            return days
        case "weekly":
            return (days + 3) // 7  # day 0 was a Thursday; weeks begin on Monday
        case "monthly":
            return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _shown(scenario: Scenario) -> list[Bars]:
    # To find out which day each bar belongs to takes longer than all the rest.
    return [
        forward_adjusted(bars, actions, scenario.days(bars.timestamp)) if len(actions) else bars
        for bars, actions in zip(scenario.bars, scenario.actions, strict=True)
    ]
