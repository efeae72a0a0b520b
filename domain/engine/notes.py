"""What an event strategy says besides its orders: log lines and series of its own, bounded."""

import math
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import polars as pl

from domain.engine.tape import TABLES
from domain.errors import InvalidCall
from domain.market.bars import Times

Level: TypeAlias = Literal["info", "warning", "error"]

LOG_LINES_MAX = 1_000
LOG_CHARACTERS_MAX = 2_000
SERIES_MAX = 32
SERIES_NAME_CHARACTERS_MAX = 64


class Line(NamedTuple):
    """A log line and the row at whose close it was said; -1 before the first."""

    row: int
    message: str
    level: Level


class Notes:
    """Gathers log lines and recorded values until a stretch is over."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._lines_left = LOG_LINES_MAX
        self._series: dict[str, dict[int, float]] = {}

    def log(self, row: int, message: str, level: Level) -> None:
        """Keep a line, cut to a readable length; past the most that a run keeps, drop it."""
        if level not in get_args(Level):
            raise InvalidCall(f"no such level {level!r}; there are {', '.join(get_args(Level))}")
        if self._lines_left > 0:
            text = str(message).encode(errors="replace").decode()
            self._lines.append(Line(row, text[:LOG_CHARACTERS_MAX], level))
        elif self._lines_left == 0:
            dropped = f"a run keeps {LOG_LINES_MAX:,} log lines; further ones are dropped"
            self._lines.append(Line(row, dropped, "warning"))
        self._lines_left -= 1

    def record(self, row: int, name: str, value: float) -> None:
        """Keep the value of a series at a row; NaN is none, a second one replaces the first."""
        if name not in self._series:
            self._begin(name)
        number = float(value)
        if math.isinf(number):
            raise InvalidCall(f"the value of {name!r} is {number}; right would be a finite number")
        if not math.isnan(number):
            self._series[name][row] = number

    def take_lines(self) -> list[Line]:
        """Hand out the lines since the last time."""
        lines, self._lines = self._lines, []
        return lines

    def take_series(self, timestamp: Times) -> pl.DataFrame:
        """Hand out the values since the last time, series by series, as the tape's table."""
        rows = [row for values in self._series.values() for row in values]
        table = {
            "timestamp": timestamp[np.array(rows, np.int64)],
            "name": [name for name, values in self._series.items() for _ in values],
            "value": [value for values in self._series.values() for value in values.values()],
        }
        self._series = {name: {} for name in self._series}
        return pl.DataFrame(table, schema=TABLES["recorded"])

    def _begin(self, name: str) -> None:
        if not _is_name(name):
            raise InvalidCall(
                f"a series cannot be called {name!r:.100}; right would be a text of 1 to "
                f"{SERIES_NAME_CHARACTERS_MAX} printable characters"
            )
        if len(self._series) == SERIES_MAX:
            raise InvalidCall(f"{name!r} is one series too many; a run keeps {SERIES_MAX}")
        self._series[name] = {}


def _is_name(name: object) -> bool:
    # Names go onto the tape as text, which half a character is not.
    return (
        isinstance(name, str) and name.isprintable() and 0 < len(name) <= SERIES_NAME_CHARACTERS_MAX
    )
