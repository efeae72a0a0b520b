"""What trading has brought, stretch by stretch: closed round trips and each symbol's profit."""

import numpy as np
import polars as pl

from domain.engine.account import Changes
from domain.engine.contributions import Contributions
from domain.engine.course import Course, Stretch
from domain.engine.round_trips import RoundTrips, round_trips_table
from domain.engine.tape import Segment
from domain.market.bars import Floats


class Proceeds:
    """Follows a course over all its rows."""

    def __init__(self, course: Course, symbols: pl.Series) -> None:
        self._course = course
        self._symbols = symbols
        self._round_trips = RoundTrips(course.timeline)
        self._contributions = Contributions(course.timeline, symbols)
        self._profits = [np.zeros(0)]

    def extend(self, stretch: Stretch, start: int, stop: int) -> Segment:
        """Give the tables ``round_trips`` and ``contributions`` of the course's next stretch."""
        due = slice(*np.searchsorted(self._course.changes.row, [start, stop]))
        changes = Changes._make(column[due] for column in self._course.changes)
        trips = self._round_trips.extend(stretch.fills, changes)
        self._profits.append(trips.profit)
        moments = self._course.timeline.timestamp
        return {
            "round_trips": round_trips_table(trips, moments, self._symbols),
            "contributions": self._contributions.extend(stretch, changes, start, stop),
        }

    def profits(self) -> Floats:
        """The profit of every round trip so far, in the order they were closed."""
        return np.concatenate(self._profits)
