"""Splits that prices do not show: a sign that they were adjusted already."""

from collections.abc import Iterator
from math import log

from domain.market.actions import Actions
from domain.market.bars import Bars, Times

# Below three for two, what a market does overnight can look like a split or hide one.
RATIO_MIN = 1.5


def unseen_splits(actions: Actions, bars: Bars, days: Times) -> Iterator[int]:
    """Yield the rows of ``actions`` whose split is not in the prices of ``bars``.

    ``days``: int64[n], the session day of each bar; ``actions`` are ``effective`` on them. At a
    split of k for one a raw price falls to about 1/k of the close before. One that is nearer, by
    ratio, to where it was is not raw. Splits of less than ``RATIO_MIN`` are not judged.
    """
    for action, row in enumerate(actions.rows(days)):
        fall = log(actions.split[action])
        moved = log(bars.open[row] / bars.close[row - 1])
        if abs(fall) >= log(RATIO_MIN) and abs(moved) < abs(moved + fall):
            yield action
