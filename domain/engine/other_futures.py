"""Other futures than the one that came: the same data up to a moment, and something else after."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from domain.market.actions import Actions
from domain.market.bars import Bars, Floats
from domain.market.resolution import MICROSECONDS_PER_DAY

STRETCH_MAX = 8


class Data(NamedTuple):
    """What a run is simulated over, apart from its manifest."""

    bars: Sequence[Bars]
    benchmark: Bars | None
    actions: Sequence[Actions]


def with_other_prices(
    data: Data, moment: int, direction: float, random: np.random.Generator
) -> Data:
    """Replace every later bar: by higher prices where ``direction`` is 1, by lower where -1.

    When the bars open stays as it was. Later corporate actions are left out.
    """
    benchmark = data.benchmark and _repriced(data.benchmark, moment, direction, random)
    return Data(
        [_repriced(each, moment, direction, random) for each in data.bars],
        benchmark or None,
        [_without_later(each, moment) for each in data.actions],
    )


def with_an_early_end(data: Data, moment: int, random: np.random.Generator) -> Data:
    """Let every symbol end with one bar more, its prices as they were, some time later than it was.

    The bar makes sure that no bar up to the moment is the last. Symbols that have not begun by then
    only come later. Daily bars stay at midnight. Later corporate actions are left out.
    """
    stretch = int(random.integers(2, STRETCH_MAX, endpoint=True))
    return Data(
        [_ended(each, moment, stretch) for each in data.bars],
        data.benchmark,
        [_without_later(each, moment) for each in data.actions],
    )


def _repriced(bars: Bars, moment: int, direction: float, random: np.random.Generator) -> Bars:
    # Each later bar gets a body, shadows and a volume of its own: nothing of it stays known.
    later = bars.timestamp > moment
    level, body, above, below, volume = random.uniform(2.0, 10.0, (5, len(bars)))
    opened: Floats = bars.open * level**direction
    closed: Floats = opened * body ** random.choice([-1.0, 1.0], len(bars))
    high, low = np.maximum(opened, closed) * above, np.minimum(opened, closed) / below
    if np.array_equal(bars.high, bars.low):  # ticks
        closed = high = low = opened
    return msgspec.structs.replace(
        bars,
        open=np.where(later, opened, bars.open),
        high=np.where(later, high, bars.high),
        low=np.where(later, low, bars.low),
        close=np.where(later, closed, bars.close),
        volume=np.where(later, random.permutation(bars.volume) * volume, bars.volume),
    )


def _ended(bars: Bars, moment: int, stretch: int) -> Bars:
    known = int(bars.timestamp.searchsorted(moment, side="right"))
    kept = bars.part(0, known + 1) if known else bars
    passed = kept.timestamp - moment
    later = moment + stretch * passed
    return msgspec.structs.replace(kept, timestamp=np.where(passed > 0, later, kept.timestamp))


def _without_later(actions: Actions, moment: int) -> Actions:
    # The day of a session may begin up to a day before its date does in UTC.
    known = actions.timestamp <= moment + MICROSECONDS_PER_DAY
    return Actions(
        actions.symbol, actions.timestamp[known], actions.split[known], actions.dividend[known]
    )
