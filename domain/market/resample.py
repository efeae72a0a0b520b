"""Coarser bars from finer ones."""

import numpy as np

from domain.compiled import compiled
from domain.errors import DomainError
from domain.market.bars import Bars, Floats, Times
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.market.sessions import session_days


def resample(bars: Bars, source: Resolution, target: Resolution, timezone: str) -> Bars:
    """``bars`` of resolution ``source`` put together to bars of the coarser ``target``.

    Open is the first, high the highest, low the lowest, close the last, volume the sum (added in
    order: the same bits on every machine). Seconds, minutes and hours are those of UTC, stamped
    with their start. Days are the dates of ``timezone`` (IANA name), stamped with midnight UTC of
    that date. A stretch without bars gives no bar. Raises DomainError unless target is coarser
    than source, or for an unknown timezone.
    """
    if source not in target.finer():
        raise DomainError(
            f"{bars.symbol}: {target.value} bars cannot be made from {source.value} bars;"
            " the target must be coarser"
        )
    if target is Resolution.DAY:
        starts = session_days(bars.timestamp, source, timezone) * MICROSECONDS_PER_DAY
    else:
        starts = bars.timestamp // target.microseconds * target.microseconds
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return Bars(bars.symbol, *_combined(starts, *columns))


@compiled
def _combined(
    starts: Times, opens: Floats, highs: Floats, lows: Floats, closes: Floats, volumes: Floats
) -> tuple[Times, Floats, Floats, Floats, Floats, Floats]:
    first = np.ones(len(starts), dtype=np.bool_)
    first[1:] = starts[1:] != starts[:-1]
    timestamp = starts[first]
    opened, high, low, close = opens[first], highs[first], lows[first], closes[first]
    volume = np.zeros(len(timestamp))
    bar = -1
    for row in range(len(starts)):
        bar += 1 if first[row] else 0
        high[bar] = max(high[bar], highs[row])
        low[bar] = min(low[bar], lows[row])
        close[bar] = closes[row]
        volume[bar] += volumes[row]
    return timestamp, opened, high, low, close, volume
