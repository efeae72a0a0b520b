"""The linearly weighted moving average."""

import numpy as np

from domain.compiled import compiled_in_place
from domain.indicators.inputs import checked_period, column
from domain.indicators.moving_average import two_sum
from domain.market.bars import Floats


def wma(values: Floats, period: int) -> Floats:
    """Weighted moving average: weight ``period`` for this value, one less for each before it.

    float64[n] → float64[n]: Σ (period - age) * value / (period * (period + 1) / 2) over the last
    ``period`` values. NaN for the first ``period`` - 1 bars. A NaN makes every window that holds
    it NaN, and no other. Windows are put together from blocks as in ``sma``, and as accurate.
    O(n) time, O(period) extra memory. Raises InvalidPeriod, InvalidColumn.
    """
    known, window = column(values), checked_period(period)
    averages = np.empty(len(known))
    if window <= len(known):
        _wma(known, np.empty((4, window)), np.zeros((2, 4, window + 1)), averages)
    averages[: window - 1] = np.nan
    return averages


@compiled_in_place
def _wma(values: Floats, head: Floats, tails: Floats, averages: Floats) -> None:
    period = head.shape[1]
    weights = period * (period + 1.0) / 2.0
    for number in range(len(values) // period + 1):
        block = values[number * period : (number + 1) * period]
        result = averages[number * period : (number + 1) * period]
        tail = tails[number % 2]
        _from_start(block, head)
        _to_end(block, tails[1 - number % 2])
        for k in range(len(block)):
            # the weights of the head's values start where those of the tail end
            lift = period - 1.0 - k
            total, rounding = two_sum(head[2, k] + lift * head[0, k], tail[2, k + 1])
            rounding += head[3, k] + lift * head[1, k] + tail[3, k + 1]
            result[k] = (total + rounding) / weights


# rows of both: the plain sum and its error, the weighted sum (by 1, 2, 3 …) and its error


@compiled_in_place
def _from_start(block: Floats, head: Floats) -> None:
    plain, plain_error, weighted, weighted_error = 0.0, 0.0, 0.0, 0.0
    for k in range(len(block)):
        plain, rounding = two_sum(plain, block[k])
        plain_error += rounding
        weighted, rounding = two_sum(weighted, (k + 1.0) * block[k])
        weighted_error += rounding
        head[0, k], head[1, k] = plain, plain_error
        head[2, k], head[3, k] = weighted, weighted_error


@compiled_in_place
def _to_end(block: Floats, tail: Floats) -> None:
    plain, plain_error, weighted, weighted_error = 0.0, 0.0, 0.0, 0.0
    for k in range(len(block) - 1, -1, -1):
        plain, rounding = two_sum(plain, block[k])
        plain_error += rounding
        # one more value in front: its weight is 1, and every other's one more than before
        weighted, rounding = two_sum(weighted, plain)
        weighted_error += rounding + plain_error
        tail[0, k], tail[1, k] = plain, plain_error
        tail[2, k], tail[3, k] = weighted, weighted_error
