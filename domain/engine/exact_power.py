"""Powers in compiled code, from additions and products alone: the same bits on every machine.

A number is held as a pair of float64, the second of which is what rounding the first has left out:
some 106 bits (Dekker 1971). libm is not asked, since its ``pow`` depends on its version.
"""

import math

import numpy as np

from domain.compiled import compiled_in_place
from domain.indicators.moving_average import two_sum

_SPLITTER = 2.0**27 + 1.0
_LN2 = (float.fromhex("0x1.62e42fefa39efp-1"), float.fromhex("0x1.abc9e3b39803fp-56"))
_ROOT_HALF = math.sqrt(0.5)
_HALVINGS = 9
_EXP_TERMS, _LOG_TERMS = 10, 24


@compiled_in_place
def exact_power(base: float, numerator: int, denominator: int) -> float:
    """``base`` to the power numerator / denominator, rounded once; denominator ≥ 1.

    To about 1e-28 relative before it is rounded. NaN below 0 and past the range of float64.
    """
    if not (base >= 0.0 and base < np.inf):
        return np.nan
    if base == 0.0:
        return 1.0 if numerator == 0 else 0.0 if numerator > 0 else np.nan
    exponent = _quotient(float(numerator), 0.0, float(denominator))
    power = _exponential(*_product(*_logarithm(base), *exponent))
    return power if power < np.inf else np.nan


@compiled_in_place
def _logarithm(value: float) -> tuple[float, float]:
    # ln(m * 2^e) = e ln 2 + 2 artanh((m - 1) / (m + 1)), with m near 1
    fraction, exponent = math.frexp(value)
    if fraction < _ROOT_HALF:
        fraction, exponent = 2.0 * fraction, exponent - 1
    ratio = _ratio(fraction - 1.0, *two_sum(fraction, 1.0))
    square = _product(*ratio, *ratio)
    high, low = 0.0, 0.0
    for term in range(_LOG_TERMS, -1, -1):
        high, low = _product(high, low, *square)
        high, low = _sum(high, low, *_quotient(1.0, 0.0, 2.0 * term + 1.0))
    high, low = _product(high, low, 2.0 * ratio[0], 2.0 * ratio[1])
    return _sum(*_product(float(exponent), 0.0, *_LN2), high, low)


@compiled_in_place
def _exponential(high: float, low: float) -> float:
    # e^x = 2^k (1 + y)^512 with y = e^((x - k ln 2) / 512) - 1, kept apart from the 1 until the end
    if not abs(high) < 800.0:
        return np.inf if high > 0.0 else 0.0
    twos = np.rint(high / _LN2[0])
    high, low = _sum(high, low, *_product(-twos, 0.0, *_LN2))
    scale = 2.0**-_HALVINGS
    high, low = high * scale, low * scale
    grown, rest = 0.0, 0.0
    for term in range(_EXP_TERMS, 0, -1):
        grown, rest = _sum(grown, rest, 1.0, 0.0)
        grown, rest = _product(grown, rest, *_quotient(high, low, float(term)))
    for _ in range(_HALVINGS):
        squared = _product(grown, rest, grown, rest)
        grown, rest = _sum(2.0 * grown, 2.0 * rest, *squared)
    high, _ = _sum(grown, rest, 1.0, 0.0)
    return math.ldexp(high, int(twos))


@compiled_in_place
def _sum(high: float, low: float, other_high: float, other_low: float) -> tuple[float, float]:
    total, error = two_sum(high, other_high)
    small, small_error = two_sum(low, other_low)
    total, error = two_sum(total, error + small)
    return two_sum(total, error + small_error)


@compiled_in_place
def _two_product(first: float, second: float) -> tuple[float, float]:
    # The product rounded, and the exact error of that rounding (Veltkamp and Dekker).
    product = first * second
    spread = _SPLITTER * first
    first_high = spread - (spread - first)
    first_low = first - first_high
    spread = _SPLITTER * second
    second_high = spread - (spread - second)
    second_low = second - second_high
    error = first_high * second_high - product
    error += first_high * second_low + first_low * second_high
    return product, error + first_low * second_low


@compiled_in_place
def _product(high: float, low: float, other_high: float, other_low: float) -> tuple[float, float]:
    product, error = _two_product(high, other_high)
    return two_sum(product, error + (high * other_low + low * other_high))


@compiled_in_place
def _quotient(high: float, low: float, divisor: float) -> tuple[float, float]:
    return _ratio_of(high, low, divisor, 0.0)


@compiled_in_place
def _ratio(numerator: float, high: float, low: float) -> tuple[float, float]:
    return _ratio_of(numerator, 0.0, high, low)


@compiled_in_place
def _ratio_of(high: float, low: float, by_high: float, by_low: float) -> tuple[float, float]:
    quotient = high / by_high
    back_high, back_low = _product(by_high, by_low, quotient, 0.0)
    rest, rest_low = _sum(high, low, -back_high, -back_low)
    return two_sum(quotient, (rest + rest_low) / by_high)
