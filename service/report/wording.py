"""Numbers and moments as a reader of the tear sheet wants them; a dash for what is undefined."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

Number: TypeAlias = float | int | None
Wording: TypeAlias = Callable[[Number], str]

NONE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def percent(value: Number) -> str:
    """12.34 → 12.34 %."""
    return NONE if value is None else f"{_signed(f'{value:,.2f}')} %"


def ratio(value: Number) -> str:
    """1.2345 → 1.23."""
    return NONE if value is None else _signed(f"{value:,.2f}")


def amount(value: Number) -> str:
    """Account currency: whole above a thousand, else two digits."""
    if value is None:
        return NONE
    return _signed(f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.2f}")


def count(value: Number) -> str:
    """12345 → 12,345."""
    return NONE if value is None else f"{value:,.0f}"


def quantity(value: Number) -> str:
    """At most four digits after the point, and none that say nothing."""
    if value is None:
        return NONE
    text = f"{value:,.4f}"
    return _signed(text.rstrip("0").rstrip("."))


def day_count(value: Number) -> str:
    """Days of a drawdown."""
    return NONE if value is None else f"{value:,.0f} days"


def holding(seconds: float) -> str:
    """The length of a round trip in the largest unit that it has two of."""
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.3g} s"


def moment(value: datetime | None) -> str:
    """The day, and the time where it is not midnight."""
    if value is None:
        return NONE
    text = value.strftime("%Y-%m-%d %H:%M:%S")
    return text.removesuffix(" 00:00:00")


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
