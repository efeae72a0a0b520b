"""Sums, means and powers that are the same bits on every machine.

A NumPy or BLAS sum depends on how many numbers the CPU adds at once, and libm's ``pow`` on its
version. So sums here are exact and rounded once, and powers are made of additions and products.
"""

import math

from domain.engine.exact_power import exact_power
from domain.engine.exact_sum import exact_sum, lanes
from domain.market.bars import Floats

# Returns are differences of numbers near 1: a deviation up to this is rounding, not variance.
ROUNDING = 1e-12


def total(values: Floats) -> float:
    """The sum."""
    return exact_sum(values, lanes())


def mean(values: Floats) -> float:
    """Arithmetic mean of one value or more."""
    return total(values) / len(values)


def sample_deviation(values: Floats) -> float:
    """√(Σ (x - mean)² / (n - 1)) of two values or more."""
    return math.sqrt(central_sum(values, 2) / (len(values) - 1))


def central_sum(values: Floats, order: int) -> float:
    """Σ (x - mean)^order for a small whole order."""
    deviations = values - mean(values)
    product = deviations
    for _ in range(order - 1):
        product = product * deviations
    return total(product)


def power(base: float, numerator: int, denominator: int = 1) -> float | None:
    """``base`` to the power numerator / denominator; None below 0 and past the range of float64."""
    raised = exact_power(base, numerator, denominator)
    return raised if math.isfinite(raised) else None
