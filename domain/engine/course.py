"""What takes a run from row to row: between ``simulate`` and the kinds of strategy."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from domain.engine.account import Changes, Integers
from domain.engine.buffers import Fills
from domain.engine.matching import Costs
from domain.engine.tape import Segment
from domain.engine.timeline import Timeline
from domain.market.actions import Actions
from domain.market.bars import Bars, Floats, Times
from domain.market.sessions import session_days
from domain.runs.events import Logged
from domain.runs.request import BacktestRequest

_MICROSECONDS_PER_YEAR = 365 * 86_400 * 1_000_000


class Scenario(NamedTuple):
    """What a course is to simulate, per symbol in the order of the request.

    ``bars`` begin with ``warmup`` bars that a strategy may see and nothing may trade on;
    ``actions`` are all that the symbol had, whenever.
    """

    request: BacktestRequest
    bars: Sequence[Bars]
    warmup: Sequence[int]
    actions: Sequence[Actions]

    def traded(self) -> list[Bars]:
        """The bars without those to warm up, as views."""
        return [
            each.part(count, len(each)) if count else each
            for each, count in zip(self.bars, self.warmup, strict=True)
        ]

    def days(self, timestamp: Times) -> Integers:
        """The session day of each moment, int64[n]."""
        return session_days(timestamp, self.request.resolution, self.request.timezone)


class Stretch(NamedTuple):
    """What a course has made of the rows ``start`` to ``stop`` (exclusive).

    ``cash``, ``positions``: float64[stop - start], at each row's close, account currency;
    ``fills``: in order, their ``row`` counted from the start of the run; ``tables``: the rest of
    the tape's segment, without ``equity`` and ``benchmark``; ``logs``: what the strategy said.
    """

    cash: Floats
    positions: Floats
    fills: Fills
    tables: Segment
    logs: Sequence[Logged] = ()


class Course(Protocol):
    """A simulation under way; ``advance`` is called with stretches that follow each other.

    ``timeline``: all n rows, k symbols; ``days`` int64[n]: their session days; ``changes``: the
    splits and dividends that are due.
    """

    timeline: Timeline
    days: Integers
    changes: Changes

    @property
    def rows_in_market(self) -> int:
        """How many of the rows so far ended with a position."""
        ...

    def advance(self, start: int, stop: int) -> Stretch:
        """Simulate a stretch; after the last row, expire what waits. Raises ``StrategyFailed``."""
        ...


def changes_on(days: Integers, actions: Sequence[Actions]) -> Changes:
    """Put the corporate actions of k symbols onto a timeline with these session days, int64[n]."""
    due = [each.effective(days) if len(each) else each for each in actions]
    row = np.concatenate([each.rows(days) if len(each) else each.timestamp for each in due])
    order = np.argsort(row, kind="stable")
    symbol = np.repeat(np.arange(len(due)), [len(each) for each in due])
    split = np.concatenate([each.split for each in due])
    dividend = np.concatenate([each.dividend for each in due])
    return Changes(row[order], symbol[order], split[order], dividend[order])


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
        allow_short=execution.allow_short,
        leverage=execution.max_leverage,
        borrow=execution.borrow_bps / 10_000 / _MICROSECONDS_PER_YEAR,
    )
