"""The order of trials: by their objective, and what comes of those that have none."""

from typing import TypeAlias

from domain.optimizations.request import Direction

RankKey: TypeAlias = tuple[int, float, int]


def rank_key(value: float | None, number: int, direction: Direction, *, failed: bool) -> RankKey:
    """Give what trials are sorted by, ascending: the best first, then undefined, then failed.

    Ties go to the lower number.
    """
    if failed:
        return 2, 0.0, number
    if value is None:
        return 1, 0.0, number
    return 0, -value if direction == "maximize" else value, number


def better(value: float | None, than: float | None, direction: Direction) -> bool:
    """Whether a later trial's objective beats the best one so far; a tie does not."""
    if value is None:
        return False
    if than is None:
        return True
    return value > than if direction == "maximize" else value < than
