"""Means of every window from sums in which nothing is ever rounded, where values allow it.

Each value is cut in two (Rump's ExtractVector, 2008): a multiple of a coarse unit, and the rest.
All sums of the one and all sums of the other fit into the 53 bits of a float64, so what leaves a
window takes away just what it brought, and only the two together are rounded, once.
"""

import math

import numpy as np
import numpy.typing as npt

from domain.compiled import compiled_in_place
from domain.market.bars import Floats

BARS_AT_ONCE = 1024  # what goes from loop to loop stays in the processor's nearest cache
NONE = 0.0
FRACTION_BITS, EXPONENT_BIAS = 52, 1022
EXPONENT_MAX = 1023


def splitter(values: Floats, period: int) -> float:
    """Give what cuts these values so that sums of ``period`` of them are exact, or ``NONE``.

    ``values``: float64[n], n ≥ 1. There is none where any is below 0 or not finite, or the greatest
    is more than about 2^52 / period² times the least.
    """
    lowest, highest = _exponents(values.view(np.int64))
    length = period.bit_length()
    # Every sum is below 2^ceiling, so coarse parts are multiples of 2^(ceiling - 52); what is left
    # are multiples of the least value's last bit, 2^(lowest - 53), and must not reach 2^lowest.
    ceiling = length + highest + 1
    if ceiling >= EXPONENT_MAX or length + ceiling - FRACTION_BITS - 1 > lowest:
        return NONE
    return math.ldexp(1.5, ceiling)


@compiled_in_place
def _exponents(bits: npt.NDArray[np.int64]) -> tuple[int, int]:
    # Floats that are not below 0 have the order of their bits, exponent first.
    least, greatest = bits[0], bits[0]
    for t in range(len(bits)):
        least, greatest = min(least, bits[t]), max(greatest, bits[t])
    return (least >> FRACTION_BITS) - EXPONENT_BIAS, (greatest >> FRACTION_BITS) - EXPONENT_BIAS


@compiled_in_place
def slide(values: Floats, period: int, splitter: float, sums: Floats, means: Floats) -> None:
    """Write the mean of each window of ``period`` into ``means``, from bar ``period`` - 1 on.

    ``sums``: float64[2, BARS_AT_ONCE], room to work in.
    """
    coarse, fine = 0.0, 0.0
    for t in range(period):
        part = (values[t] + splitter) - splitter
        coarse += part
        fine += values[t] - part
    means[period - 1] = (coarse + fine) / period
    # Three short loops rather than one: the first and the last take eight bars at a time.
    for start in range(period, len(values), BARS_AT_ONCE):
        count = min(BARS_AT_ONCE, len(values) - start)
        enter = values[start : start + count]
        leave = values[start - period : start - period + count]
        mean = means[start : start + count]
        for k in range(count):
            entering = (enter[k] + splitter) - splitter
            leaving = (leave[k] + splitter) - splitter
            sums[0, k] = entering - leaving
            sums[1, k] = (enter[k] - entering) - (leave[k] - leaving)
        for k in range(count):
            coarse += sums[0, k]
            fine += sums[1, k]
            sums[0, k], sums[1, k] = coarse, fine
        for k in range(count):
            mean[k] = (sums[0, k] + sums[1, k]) / period
