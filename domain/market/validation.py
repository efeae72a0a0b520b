"""The rules that make bars valid."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from domain.errors import DomainError
from domain.market.bars import COLUMNS, Bars
from domain.market.moments import iso
from domain.market.resolution import Resolution


class InvalidBars(DomainError):
    """A bar breaks a rule: ``symbol``, ``row`` (from 1; 0 when there are no rows), ``rule``."""

    def __init__(self, symbol: str, row: int, rule: str, found: str) -> None:
        super().__init__(f"{symbol}, row {row}: {rule}; found {found}")
        self.symbol = symbol
        self.row = row
        self.rule = rule


def validate(bars: Bars, resolution: Resolution) -> None:
    """Raise InvalidBars for the first rule that a bar breaks, at the first row that does.

    The rules, in the order they are checked: at least one bar; every value finite; prices above
    0; low ≤ open, close ≤ high; volume at least 0; timestamps strictly increasing (ticks: not
    decreasing, since several may share a moment).
    """
    if len(bars) == 0:
        raise InvalidBars(bars.symbol, 0, "there must be at least one bar", "none")
    for rule, columns, broken in _rules(bars, resolution):
        if broken.any():
            row = int(broken.argmax())
            raise InvalidBars(bars.symbol, row + 1, rule, _found(bars, columns, row))


def _rules(
    bars: Bars, resolution: Resolution
) -> Iterator[tuple[str, tuple[str, ...], npt.NDArray[np.bool_]]]:
    for name in COLUMNS[1:]:
        yield f"{name} must be finite", (name,), ~np.isfinite(getattr(bars, name))
    for name in COLUMNS[1:5]:
        yield f"{name} must be above 0", (name,), getattr(bars, name) <= 0.0
    lowest = np.minimum(bars.open, bars.close)
    highest = np.maximum(bars.open, bars.close)
    outside = (bars.low > lowest) | (highest > bars.high)
    yield "low ≤ open, close ≤ high must hold", COLUMNS[1:5], outside
    yield "volume must be at least 0", ("volume",), bars.volume < 0.0
    step = np.diff(bars.timestamp, prepend=bars.timestamp[0] - 1)
    if resolution is Resolution.TICK:
        yield "timestamps must not decrease", ("timestamp",), step < 0
    else:
        yield "timestamps must increase", ("timestamp",), step <= 0


def _found(bars: Bars, columns: tuple[str, ...], row: int) -> str:
    if columns == ("timestamp",):
        before, moment = (iso(int(bars.timestamp[at])) for at in (row - 1, row))
        return f"{moment} after {before}"
    return ", ".join(f"{name} {getattr(bars, name)[row]}" for name in columns)
