"""Which column of a file is which."""

from collections.abc import Iterable

import msgspec

from domain.market.resolution import Resolution

TIMES = ("timestamp", "datetime", "date", "time")
PRICES = ("open", "high", "low", "close")


class UnknownColumns(Exception):
    """A file's columns cannot be told apart, or some are missing."""


class Columns(msgspec.Struct, frozen=True):
    """The file's own names of the columns to read.

    ``times``: one, or a date and a time of day. ``prices``: open, high, low and close, which are
    one and the same for ticks. ``volume``: ``None`` if the file has none. ``notes``: a sentence
    for each thing that a user may not expect.
    """

    times: tuple[str, ...]
    prices: tuple[str, ...]
    volume: str | None
    notes: tuple[str, ...]


def recognise(names: Iterable[str], resolution: Resolution) -> Columns:
    """Find the columns by name, whatever its case. Raises ``UnknownColumns``."""
    known: dict[str, str] = {}
    for name in names:
        plain = name.strip(" <>").lower()
        if plain in known:
            raise UnknownColumns(f"the columns {known[plain]!r} and {name!r} have the same name")
        known[plain] = name
    times = _times(known)
    prices = _prices(known, resolution)
    volumes = ("size", "volume") if resolution is Resolution.TICK else ("volume",)
    volume = next((known[name] for name in volumes if name in known), None)
    ignored = [name for name in known.values() if name not in {*times, *prices, volume}]
    return Columns(times, prices, volume, tuple(_notes(volume, ignored)))


def _times(known: dict[str, str]) -> tuple[str, ...]:
    found = [name for name in TIMES if name in known]
    if not found:
        raise UnknownColumns(f"no time column: one of {', '.join(TIMES)}{_found(known)}")
    if len(found) > 1 and found != ["date", "time"]:
        raise UnknownColumns(
            f"several time columns, {', '.join(found)}: keep one of them, or a date and a time"
        )
    return tuple(known[name] for name in found)


def _prices(known: dict[str, str], resolution: Resolution) -> tuple[str, ...]:
    if resolution is Resolution.TICK:
        if "price" not in known:
            raise UnknownColumns(f"no column price, which ticks need{_found(known)}")
        return (known["price"],) * len(PRICES)
    missing = [name for name in PRICES if name not in known]
    if missing and "price" in known:
        raise UnknownColumns("a column price makes ticks: import the file with resolution tick")
    if missing:
        raise UnknownColumns(f"no column {', '.join(missing)}{_found(known)}")
    return tuple(known[name] for name in PRICES)


def _found(known: dict[str, str]) -> str:
    return f"; found {', '.join(known.values())}"


def _notes(volume: str | None, ignored: list[str]) -> Iterable[str]:
    if volume is None:
        yield "there is no volume column: the volume is 0 throughout"
    adjusted = [name for name in ignored if name.lower().startswith("adj")]
    for name in adjusted:
        yield f"{name} is not used: prices are taken as open, high, low and close say"
    others = [name for name in ignored if name not in adjusted]
    if others:
        yield f"ignored columns: {', '.join(others)}"
