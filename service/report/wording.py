"""Numbers and moments as a reader of the tear sheet wants them; a dash for what is undefined."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

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


def share(value: Number) -> str:
    """0.123 → 12 %: a probability or a share."""
    if value is None:
        return NONE
    if 0 < value < 0.01 or 0.99 < value < 1:
        return "under 1 %" if value < 0.5 else "over 99 %"
    return f"{_signed(f'{100 * value:.0f}')} %"


def parameter(value: Any) -> str:
    """A value of a search space, as it is written in a request, to six digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, float):
        return _signed(f"{value:.6g}")
    return _signed(str(value)) if isinstance(value, int) else str(value)


def short(value: float) -> str:
    """Three digits: 0.123456 → 0.123."""
    return _signed(f"{value:.3g}")


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
