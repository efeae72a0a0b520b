"""What the look-ahead detector has found."""

from typing import Any, Literal, TypeAlias

import msgspec

Future: TypeAlias = Literal["prices", "end"]
Row: TypeAlias = dict[str, Any]


class Leak(msgspec.Struct, frozen=True):
    """One event that would have been another, had the future been another.

    ``moment``: what came after it was changed. ``future``: to other ``prices``, or to an early
    ``end`` of the data. ``bar``: the earliest bar, at ``moment`` or before, whose record changed;
    both are given in ISO 8601. ``event_id``: the run's event that holds it. ``table``: the part of
    the tape it is in, with the row as it was and as it became, ``None`` where there is no such row.
    ``table`` is ``None`` where it is a log line.
    """

    moment: str
    future: Future
    bar: str
    event_id: int
    table: str | None = None
    was: Row | None = None
    became: Row | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the search. Nothing is proven: it found no leak at these moments.

    ``clean``: something was tried and nothing speaks against the strategy. ``deterministic``: false
    where two runs on the same data already differ, which ends the search. ``notes``: futures that
    the strategy could not bear, and why; where that was one of other prices, the moment is not
    among ``moments``.
    """

    clean: bool
    moments: list[str]
    seed: int
    deterministic: bool
    leaks: list[Leak]
    notes: list[str]
