"""A trial's daily returns as the power sums of sixteen blocks of days.

640 bytes for each trial say everything that the statistics of a sweep ask for: sums of blocks add
up to those of any union of blocks, and moments follow from sums.
"""

from typing import NamedTuple

import numpy as np

from domain.errors import DomainError
from domain.market.bars import Floats

BLOCKS = 16
# Of a block: how many returns, and the sums of their first four powers.
SUMS = 5
SHAPE = (BLOCKS, SUMS)

# A deviation of less than this share of the root mean square is rounding, not variance.
ROUNDING_SHARE = 1e-6


class Moments(NamedTuple):
    """Of daily returns: their number, the Sharpe ratio per day, skewness and kurtosis.

    ``skewness`` = m3 / m2^1.5 and ``kurtosis`` = m4 / m2² (3 for a normal distribution), with
    m_k = Σ (r - mean)^k / n; ``sharpe_ratio`` = mean / √(n / (n-1) m2).
    """

    observations: int
    sharpe_ratio: float
    skewness: float
    kurtosis: float


def block_sums(returns: Floats) -> Floats:
    """Sum up the powers of daily returns: float64[d] → float64[16, 5].

    Day i of d lies in block ⌊16 i / d⌋. Columns: the number of returns, Σr, Σr², Σr³, Σr⁴; a day
    without a return (NaN) is left out.
    """
    sums = np.zeros(SHAPE)
    known = ~np.isnan(returns)
    block = (np.arange(len(returns)) * BLOCKS // max(len(returns), 1))[known]
    power = np.ones(len(block))
    for column in range(SUMS):
        # One after the other in the order of the days: the same bits on every machine.
        np.add.at(sums[:, column], block, power)
        power = power * returns[known]
    return sums


def encode(sums: Floats) -> bytes:
    """The 640 bytes of a trial's attachment: float64, little-endian, block after block."""
    return np.ascontiguousarray(sums, dtype="<f8").tobytes()


def decode(attachment: bytes) -> Floats:
    """Read a trial's attachment back: float64[16, 5]. Raises ``DomainError`` for another length."""
    if len(attachment) != BLOCKS * SUMS * 8:
        raise DomainError(
            f"the sums of a trial's returns are {BLOCKS * SUMS * 8} bytes, not {len(attachment)}"
        )
    return np.frombuffer(attachment, dtype="<f8").reshape(SHAPE).astype(np.float64)


def excess_sums(sums: Floats, risk_free: float) -> tuple[Floats, Floats, Floats]:
    """Number, Σx and Σx² of x = r - ``risk_free`` (per day): of float64[..., 5] three [...]."""
    count, first, second = sums[..., 0], sums[..., 1], sums[..., 2]
    shifted = first - risk_free * count
    return count, shifted, second - risk_free * (first + shifted)


def sharpe_ratios(count: Floats, first: Floats, second: Floats, floor: Floats) -> Floats:
    """Mean / sample deviation of each of n series of excess returns, from their sums.

    float64[n] each: the number of returns, Σx, Σx², and what Σ (x - mean)² has to exceed; anything
    that broadcasts to them. 0 where it does not, or where there are not two returns: who held
    nothing has earned nothing at no risk.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = first / count
        squares = second - ratios * first
        unknown = ~(squares > floor)
        squares /= count - 1.0
        np.sqrt(squares, out=squares)
        ratios /= squares
    ratios[unknown] = 0.0
    return ratios


def variance_floor(second: Floats) -> Floats:
    """Of Σx² over all days, the least Σ (x - mean)² that is more than rounding."""
    return ROUNDING_SHARE**2 * second


def moments(sums: Floats, risk_free: float) -> Moments | None:
    """Pool the blocks of one trial: float64[16, 5]; None without variance.

    ``risk_free`` is a rate per day, a fraction, taken off before the Sharpe ratio.
    """
    count, first, second, third, fourth = (float(total) for total in sums.sum(axis=0))
    if count < 2.0:
        return None
    mean = first / count
    variance = second / count - mean * mean
    if variance <= ROUNDING_SHARE**2 * second / count:
        return None
    skew = third / count - 3.0 * mean * second / count + 2.0 * mean**3
    tail = (
        fourth / count - 4.0 * mean * third / count + 6.0 * mean**2 * second / count - 3.0 * mean**4
    )
    return Moments(
        observations=int(count),
        sharpe_ratio=(mean - risk_free) / (variance * count / (count - 1.0)) ** 0.5,
        skewness=skew / variance**1.5,
        kurtosis=tail / variance**2,
    )
