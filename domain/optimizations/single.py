"""One run at a time, by the same course as a backtest's, for strategies that must be called."""

import numpy as np

from domain.engine import metrics
from domain.engine.account import Changes
from domain.engine.buffers import Fills
from domain.engine.course import Course
from domain.engine.event_course import EventCourse
from domain.engine.metrics import FillArrays
from domain.engine.return_metrics import daily_returns
from domain.engine.round_trips import RoundTrips
from domain.engine.sanity import require_sane
from domain.engine.signal_course import SignalCourse
from domain.market.bars import Floats
from domain.market.sessions import last_of_day
from domain.optimizations.stage import Run, Stage
from domain.runs.request import BacktestRequest
from domain.strategies.event import EventStrategy
from domain.strategies.kinds import Strategy

PLACES_AT_ONCE = 100_000  # rows times symbols, so that buffers and tables stay small


def simulated(strategy: Strategy, request: BacktestRequest, stage: Stage) -> Run:
    """Simulate a fresh strategy over a stage's bars; ``request`` has its costs and rates.

    Raises ``StrategyFailed``.
    """
    scenario = stage.scenario._replace(request=request)
    course: Course
    if isinstance(strategy, EventStrategy):
        course = EventCourse(strategy, scenario)
    else:
        course = SignalCourse(strategy, scenario)
    equity, fills, profits = _followed(course)
    capital, days = request.initial_capital, course.days
    summary = metrics.summarise(
        initial_capital=capital,
        equity=equity,
        days=days,
        fills=fills,
        profits=profits,
        bars_with_position=course.rows_in_market,
        periods_per_year=stage.periods_per_year,
        risk_free_rate=request.execution.risk_free_rate,
        benchmark=stage.against(request),
    )
    marks = np.append(capital, equity[last_of_day(days)])
    return Run(summary, marks, daily_returns(marks))


def _followed(course: Course) -> tuple[Floats, FillArrays, Floats]:
    rows, symbols = course.timeline.close.shape
    step = max(PLACES_AT_ONCE // symbols, 1)
    round_trips, equity = RoundTrips(course.timeline), np.empty(rows)
    filled: list[Fills] = []
    profits = [np.zeros(0)]
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        stretch = course.advance(start, stop)
        equity[start:stop] = stretch.cash + stretch.positions
        require_sane(equity[start:stop], course.timeline.timestamp[start:stop])
        filled.append(stretch.fills)
        due = slice(*np.searchsorted(course.changes.row, [start, stop]))
        changes = Changes._make(column[due] for column in course.changes)
        profits.append(round_trips.extend(stretch.fills, changes).profit)
    columns = (
        np.concatenate([getattr(fills, name) for fills in filled]) for name in FillArrays._fields
    )
    return equity, FillArrays(*columns), np.concatenate(profits)
