"""The rules that make bars and corporate actions valid."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from domain.errors import DomainError
from domain.market.actions import Actions
from domain.market.bars import COLUMNS, Bars
from domain.market.moments import iso
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution

# Far beyond any that has been; numbers past them are slips of a decimal point or of a column.
SPLIT_MAX = 1_000_000
DIVIDEND_MAX = 1_000_000_000


class InvalidRow(DomainError):
    """A row breaks a rule: ``symbol``, ``row`` (from 1; 0 when there are no rows), ``rule``."""

    def __init__(self, symbol: str, row: int, rule: str, found: str) -> None:
        super().__init__(f"{symbol}, row {row}: {rule}; found {found}")
        self.symbol = symbol
        self.row = row
        self.rule = rule


class InvalidBars(InvalidRow):
    """A bar breaks a rule."""


class InvalidActions(InvalidRow):
    """A corporate action breaks a rule."""


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


def validate_actions(actions: Actions) -> None:
    """Raise InvalidActions for the first rule that an action breaks, at the first row that does.

    The rules, in the order they are checked: at least one action; every value finite; splits above
    0, and from 1 / ``SPLIT_MAX`` to ``SPLIT_MAX``; dividends from 0 to ``DIVIDEND_MAX`` a share;
    timestamps at midnight UTC and strictly increasing.
    """
    symbol = actions.symbol
    if len(actions) == 0:
        raise InvalidActions(symbol, 0, "there must be at least one action", "none")
    for rule, column, broken in _action_rules(actions):
        if broken.any():
            row = int(broken.argmax())
            value = getattr(actions, column)[row]
            found = iso(int(value))[:10] if column == "timestamp" else f"{column} {value}"
            raise InvalidActions(symbol, row + 1, rule, found)


def _action_rules(actions: Actions) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    for name in ("split", "dividend"):
        yield f"{name} must be finite", name, ~np.isfinite(getattr(actions, name))
    yield "split must be above 0", "split", actions.split <= 0.0
    wide = (actions.split > SPLIT_MAX) | (actions.split < 1 / SPLIT_MAX)
    yield f"split must be from 1/{SPLIT_MAX:,} to {SPLIT_MAX:,}", "split", wide
    yield "dividend must be at least 0", "dividend", actions.dividend < 0.0
    yield f"dividend must be at most {DIVIDEND_MAX:,}", "dividend", actions.dividend > DIVIDEND_MAX
    midnight = actions.timestamp % MICROSECONDS_PER_DAY == 0
    yield "dates must be midnight UTC", "timestamp", ~midnight
    step = np.diff(actions.timestamp, prepend=actions.timestamp[0] - 1)
    yield "dates must increase, a row for each", "timestamp", step <= 0


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
