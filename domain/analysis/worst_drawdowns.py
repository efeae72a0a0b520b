"""The deepest falls from a peak, each from peak to recovery."""

from collections.abc import Iterator

import msgspec
import numpy as np

from domain.engine.account import Bools, Integers
from domain.engine.reproducible_math import ROUNDING
from domain.market.bars import Floats, Times
from domain.market.moments import iso

KEPT = 10


class Episode(msgspec.Struct):
    """A fall and its recovery. Moments are microseconds UTC, days are day numbers.

    ``start``: when the peak was last touched; ``trough``: the lowest point, first time;
    ``recovery``: when the peak was reached again, None while it is not; ``depth``: a fraction of
    the peak; ``last_day``: of the recovery, else of the latest row.
    """

    start: int
    start_day: int
    trough: int = 0
    depth: float = 0.0
    recovery: int | None = None
    last_day: int = 0

    def row(self) -> dict[str, str | float | int | None]:
        """Spell it for the results document: ``depth`` in percent, ``days`` in calendar days."""
        return {
            "start": iso(self.start),
            "trough": iso(self.trough),
            "recovery": None if self.recovery is None else iso(self.recovery),
            "depth": 100.0 * self.depth,
            "days": self.last_day - self.start_day,
        }


class WorstDrawdowns:
    """Finds the ten deepest drawdowns over every equity row, a stretch of rows at a time.

    What a drawdown is, ``domain.engine.drawdown`` says: the deepest found here is its depth.
    """

    def __init__(self, initial_capital: float) -> None:
        self._peak = initial_capital
        self._touched: tuple[int, int] | None = None  # moment and day of the peak
        self._open: Episode | None = None
        self._closed: list[Episode] = []

    def extend(self, timestamp: Times, days: Integers, value: Floats) -> None:
        """Take the next rows in: moments, day numbers and equity, n ≥ 1 of each."""
        count = len(value)
        peak = np.maximum.accumulate(np.append(self._peak, value))[1:]
        fall = (peak - value) / peak
        fallen = fall > ROUNDING
        touched = self._touched or (int(timestamp[0]), int(days[0]))
        for start, stop in _worth_a_look(fallen, fall, goes_on=self._open is not None):
            if start > 0:
                touched = int(timestamp[start - 1]), int(days[start - 1])
            episode = self._open or Episode(*touched)
            _deepen(episode, timestamp[start:stop], fall[start:stop])
            episode.last_day = int(days[min(stop, count - 1)])
            self._open = episode if stop == count else None
            if stop < count:
                episode.recovery = int(timestamp[stop])
                self._closed.append(episode)
        self._closed = _deepest(self._closed)
        self._peak, touches = float(peak[-1]), np.flatnonzero(~fallen)
        self._touched = touched
        if len(touches):
            self._touched = int(timestamp[touches[-1]]), int(days[touches[-1]])

    def deepest(self) -> list[Episode]:
        """The ten deepest, deepest first; of two that are alike the earlier."""
        return _deepest(self._closed if self._open is None else [*self._closed, self._open])


def _worth_a_look(fallen: Bools, fall: Floats, *, goes_on: bool) -> Iterator[tuple[int, int]]:
    # The stretches of fallen rows, [start, stop): the first and the last one, which the rows
    # before or after may go on with, and the deepest. One that went on and ends at row 0 is (0, 0).
    edges = np.flatnonzero(np.diff(fallen, prepend=goes_on))
    bounds = np.append(np.zeros(int(goes_on), np.int64), edges)
    if len(bounds) % 2:
        bounds = np.append(bounds, len(fallen))
    if len(bounds) == 0:
        return
    depths = np.maximum.reduceat(np.append(fall, 0.0), bounds)[::2]
    chosen = {0, len(depths) - 1, *np.argsort(-depths, kind="stable")[:KEPT].tolist()}
    for number in sorted(chosen):
        yield int(bounds[2 * number]), int(bounds[2 * number + 1])


def _deepen(episode: Episode, timestamp: Times, fall: Floats) -> None:
    if len(fall) == 0:
        return
    lowest = int(fall.argmax())
    if fall[lowest] > episode.depth:
        episode.depth, episode.trough = float(fall[lowest]), int(timestamp[lowest])


def _deepest(episodes: list[Episode]) -> list[Episode]:
    return sorted(episodes, key=lambda episode: (-episode.depth, episode.start))[:KEPT]
