"""The value of a given rank without sorting all of them, in compiled code."""

import numpy as np

from domain.compiled import compiled_in_place
from domain.market.bars import Floats

SAMPLE = 25
_SMALL_SAMPLE = 9
_LARGE, _SMALL = 1_024, 32


@compiled_in_place
def of_rank(values: Floats, rank: int, room: Floats) -> tuple[float, float]:
    """The values that ``sorted(values)`` has at index ``rank`` and at the next, if there is one.

    ``values``: float64[n], finite, n > rank ≥ 0; the last one has none next and gives inf. Hoare's
    selection, the pivot estimated from a sample (after Floyd and Rivest 1975): about one pass over
    the values. ``room``: float64, at least n + 25 + 1.
    """
    wanted = rank
    sample, room = room[:SAMPLE], room[SAMPLE:]
    left = values
    while len(left) > _SMALL:
        pivot = _pivot(left, rank, sample[: SAMPLE if len(left) > _LARGE else _SMALL_SAMPLE])
        below, at_most = _counts(left, pivot)
        if rank < below:
            left = room[: _keep(left, -np.inf, pivot, room)]
        elif rank < at_most:
            return pivot, _after(values, wanted, pivot)
        else:
            left = room[: _keep(left, pivot, np.inf, room)]
            rank -= at_most
    for index in range(len(left)):
        room[index] = left[index]
    _sort(room[: len(left)])
    if rank + 1 < len(left):
        return room[rank], room[rank + 1]
    return room[rank], _after(values, wanted, room[rank])


@compiled_in_place
def _after(values: Floats, rank: int, value: float) -> float:
    # The value at index ``rank`` + 1, where the one at ``rank`` is ``value``.
    _, at_most = _counts(values, value)
    if at_most > rank + 1:
        return value
    least: float = np.inf
    for each in values:
        if value < each < least:
            least = each
    return least


@compiled_in_place
def _pivot(values: Floats, rank: int, sample: Floats) -> float:
    # A little beyond where the rank is expected: what is kept is then a little more than needed.
    step = len(values) // len(sample)
    for index in range(len(sample)):
        sample[index] = values[index * step]
    _sort(sample)
    expected = rank * len(sample) // len(values)
    pivot: float = sample[min(expected + len(sample) // 8, len(sample) - 1)]
    return pivot


@compiled_in_place
def _counts(values: Floats, pivot: float) -> tuple[int, int]:
    below, at_most = 0, 0
    for value in values:
        below += value < pivot
        at_most += value <= pivot
    return below, at_most


@compiled_in_place
def _keep(values: Floats, above: float, below: float, room: Floats) -> int:
    # Writes what lies between to the front of ``room``, which may be where the values are.
    kept = 0
    for value in values:
        room[kept] = value
        kept += (value > above) & (value < below)
    return kept


@compiled_in_place
def _sort(values: Floats) -> None:
    for index in range(1, len(values)):
        value, place = values[index], index
        while place > 0 and values[place - 1] > value:
            values[place] = values[place - 1]
            place -= 1
        values[place] = value
