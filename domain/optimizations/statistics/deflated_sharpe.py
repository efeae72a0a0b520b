"""How sure a Sharpe ratio is, and how sure it still is after many were tried.

Every Sharpe ratio here is per day, never annualised: see ``Moments``.
"""

import math
from statistics import NormalDist

from domain.optimizations.statistics.blocks import Moments

EULER_MASCHERONI = 0.5772156649015329

_NORMAL = NormalDist()


def probabilistic_sharpe_ratio(observed: Moments, benchmark: float = 0.0) -> float | None:
    """The probability that the true Sharpe ratio is above ``benchmark``, 0 to 1.

    PSR(SR*) = Z[(SR - SR*) √(n-1) / √(1 - S SR + (K - 1) / 4 SR²)] with skewness S and kurtosis
    K: Bailey and López de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2),
    2012, section 3. None where the radicand is not above 0.
    """
    ratio = observed.sharpe_ratio
    radicand = 1.0 - observed.skewness * ratio + (observed.kurtosis - 1.0) / 4.0 * ratio * ratio
    if radicand <= 0.0:
        return None
    deviations = (ratio - benchmark) * math.sqrt(observed.observations - 1) / math.sqrt(radicand)
    return _NORMAL.cdf(deviations)


def expected_maximum_sharpe_ratio(trials: int, variance: float) -> float:
    """The best Sharpe ratio to expect of ``trials`` independent trials that are all worth nothing.

    SR0 = √V ((1 - c) Z⁻¹[1 - 1/N] + c Z⁻¹[1 - 1/(N e)]) with the ``variance`` V of the trials'
    Sharpe ratios and Euler's constant c = 0.577…: Bailey and López de Prado, "The Deflated Sharpe
    Ratio", Journal of Portfolio Management 40(5), 2014. 0 for a single trial: nothing was chosen.
    """
    if trials < 2:
        return 0.0
    nearly = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    beyond = _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(variance) * ((1.0 - EULER_MASCHERONI) * nearly + EULER_MASCHERONI * beyond)


def deflated_sharpe_ratio(observed: Moments, trials: int, variance: float) -> float | None:
    """The probability that the best of ``trials`` is better than luck alone makes the best, 0 to 1.

    DSR = PSR(SR0): Bailey and López de Prado 2014. Each trial counts as independent, as there;
    trials of neighbouring parameters are alike, so that the answer errs on the side of doubt.
    """
    return probabilistic_sharpe_ratio(observed, expected_maximum_sharpe_ratio(trials, variance))
