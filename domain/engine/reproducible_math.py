"""Sums, means and powers that are the same bits on every machine.

A NumPy or BLAS sum depends on how many numbers the CPU adds at once, and libm's ``pow`` on its
version. So sums here go through ``math.fsum`` (exact, rounded once) and powers through decimal.
"""

import math
from decimal import Context, Decimal

from domain.market.bars import Floats

# Returns are differences of numbers near 1: a deviation up to this is rounding, not variance.
ROUNDING = 1e-12

_DIGITS_40 = Context(prec=40)


def mean(values: Floats) -> float:
    """Arithmetic mean of one value or more."""
    return math.fsum(values) / len(values)


def sample_deviation(values: Floats) -> float:
    """√(Σ (x - mean)² / (n - 1)) of two values or more."""
    return math.sqrt(central_sum(values, 2) / (len(values) - 1))


def central_sum(values: Floats, order: int) -> float:
    """Σ (x - mean)^order for a small whole order."""
    deviations = values - mean(values)
    product = deviations
    for _ in range(order - 1):
        product = product * deviations
    return math.fsum(product)


def power(base: float, numerator: int, denominator: int = 1) -> float | None:
    """``base`` to the power numerator / denominator; None below 0 and past the range of float64."""
    if base < 0.0:
        return None
    exponent = _DIGITS_40.divide(Decimal(numerator), Decimal(denominator))
    raised = float(_DIGITS_40.power(Decimal(base), exponent))
    return raised if math.isfinite(raised) else None
