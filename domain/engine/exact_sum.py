"""Sums in compiled code that are exact and rounded once: the very bits of ``math.fsum``."""

import numpy as np

from domain.compiled import compiled_in_place
from domain.indicators.moving_average import two_sum
from domain.market.bars import Floats

LANES = 64  # as many sums side by side as keep a processor's vector units busy

_HALF_ULP = 2.0**-53


def lanes() -> Floats:
    """Room for ``exact_sum`` to work in, float64[3, 64]."""
    return np.empty((3, LANES))


@compiled_in_place
def exact_sum(values: Floats, room: Floats) -> float:
    """The sum of values, float64[n], as if added without rounding and rounded once.

    ``room``: see ``lanes``. The sum is compensated (Sum2 of Ogita, Rump and Oishi 2005), which is
    as good as exact but for an error below 2 (n / 2^53)² Σ|v|; where that could change the last
    bit, all is added again without any error (Shewchuk 1997, as CPython's ``math.fsum``). So the
    answer does not depend on the order of the values, nor on how they are spread over the lanes.
    """
    sums, errors, sizes = room[0], room[1], room[2]
    width = len(sums)
    for lane in range(width):
        sums[lane], errors[lane], sizes[lane] = 0.0, 0.0, 0.0
    for start in range(0, len(values), width):
        _add(values[start : start + width], sums, errors, sizes)
    total, error, size = 0.0, 0.0, 0.0
    for lane in range(width):
        total, rounding = two_sum(total, sums[lane])
        error += rounding + errors[lane]
        size += sizes[lane]
    rounded, rest = two_sum(total, error)
    share = len(values) * _HALF_ULP
    doubt = 4.0 * share * share * size
    if rounded + (rest - doubt) == rounded == rounded + (rest + doubt):
        return rounded
    if not abs(rounded) < np.inf:
        return rounded
    return _exactly(values, sums)


@compiled_in_place
def _add(block: Floats, sums: Floats, errors: Floats, sizes: Floats) -> None:
    # One value to each lane: the same as ``two_sum``, in a form that is compiled to vectors.
    for lane in range(len(block)):
        before, value = sums[lane], block[lane]
        after = before + value
        added = after - before
        errors[lane] += (before - (after - added)) + (value - added)
        sums[lane] = after
        sizes[lane] += abs(value)


@compiled_in_place
def _exactly(values: Floats, partials: Floats) -> float:
    # partials: numbers that do not overlap, smallest first, whose sum is what was added so far
    count = 0
    for value in values:
        kept = 0
        for index in range(count):
            value, rest = two_sum(value, partials[index])  # carried upwards
            if rest != 0.0:
                partials[kept] = rest
                kept += 1
        partials[kept] = value
        count = kept + 1
    return _rounded(partials[:count])


@compiled_in_place
def _rounded(partials: Floats) -> float:
    if len(partials) == 0:
        return 0.0
    index = len(partials) - 1
    total: float = partials[index]
    rest = 0.0
    while index > 0 and rest == 0.0:
        index -= 1
        total, rest = two_sum(total, partials[index])
    # Half an ulp is a tie only as long as nothing comes after it in the same direction.
    if index > 0 and rest != 0.0 and (rest > 0.0) == (partials[index - 1] > 0.0):
        away: float = total + 2.0 * rest
        if away - total == 2.0 * rest:
            return away
    return total
