"""Dividends that prices cannot have paid: a sign that they are not of the same shares or money."""

from collections.abc import Iterator

import numpy as np

from domain.market.actions import Actions
from domain.market.bars import Bars, Times


def excessive_dividends(actions: Actions, bars: Bars, days: Times) -> Iterator[int]:
    """Yield the rows of ``actions`` that pay more on a share than its close before was.

    ``days``: int64[n], the session day of each bar; ``actions`` are ``effective`` on them.
    """
    before = actions.rows(days) - 1
    # A split may lie between that close and the dividend, where there was no bar.
    then = actions.shares(days)[before]
    now = np.cumprod(np.append(1.0, actions.split))[:-1]
    yield from np.flatnonzero(actions.dividend * now > bars.close[before] * then).tolist()
