"""Made-up prices that look like prices, the same on every machine and for every range."""

import math

import numpy as np

from domain.errors import DomainError
from domain.market.bars import Bars, Floats, Times
from domain.market.resolution import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND, Resolution
from domain.market.synthetic_walk import GAP, Character, daily_prices, shocks, uniforms, words

SYNTHETIC_BARS_MAX = 5_000_000

_END_OF_2200 = 84_371 * MICROSECONDS_PER_DAY
_CHUNK_BARS = 1 << 18


def synthetic_bars(symbol: str, resolution: Resolution, start: int, end: int) -> Bars:
    """Made-up bars of ``symbol`` with start ≤ timestamp ≤ end (microseconds since the epoch, UTC).

    A bar depends on symbol, resolution and time only: a part of a range is a part of its bars.
    Closes walk from day to day since 1970, pulled mildly towards a level of 20 to 500, with a
    daily volatility of 1 to 3 %, both drawn from the symbol's name; days open and close within 1
    and 10,000. Opens differ from the close before. Within a day prices wander from its open to
    its close, so that all resolutions agree on a day's open and close; highs, lows and volumes
    are drawn for each resolution by itself. Prices have four decimals, volumes are whole numbers,
    highest at midnight, lowest at noon. A day has 24 hours. Days are Monday to Friday; all seven
    for a pair: two names of three letters or more joined by ``/`` or ``-`` (BTC/USDT, EUR-USD,
    but not BRK-B). Ticks come once a second, at a random microsecond of it.

    No bars if the range holds none. Raises DomainError outside the years 1970 to 2200, if start
    is after end, and for more than SYNTHETIC_BARS_MAX bars (before any is made).
    """
    if start < 0 or end >= _END_OF_2200 or start > end:
        raise DomainError(
            f"{symbol}: synthetic prices need start ≤ end within the years 1970 to 2200;"
            f" got {start} to {end} microseconds since 1970"
        )
    character = Character.of(symbol)
    slot = _slot(resolution)
    asked = _bars_before(end + 1, slot, character) - _bars_before(start, slot, character)
    if asked > SYNTHETIC_BARS_MAX:
        raise DomainError(
            f"{symbol}: {asked:,} synthetic {resolution.value} bars were asked for;"
            f" at most {SYNTHETIC_BARS_MAX:,} are made at once"
        )
    first = _trading_days_before(start // MICROSECONDS_PER_DAY, character)
    last = _trading_days_before(end // MICROSECONDS_PER_DAY + 1, character)
    return _whole_days(character, resolution, first, last).between(start, end)


def _slot(resolution: Resolution) -> int:
    return resolution.microseconds or MICROSECONDS_PER_SECOND


def _bars_before(moment: int, slot: int, character: Character) -> int:
    day, into = divmod(moment, MICROSECONDS_PER_DAY)
    before = _trading_days_before(day, character)
    trades = _trading_days_before(day + 1, character) - before
    return before * (MICROSECONDS_PER_DAY // slot) + trades * -(-into // slot)


def _trading_days_before(day: int, character: Character) -> int:
    if character.all_week:
        return day
    weeks, weekday = divmod(day + 3, 7)  # day 0 was a Thursday
    return weeks * 5 + min(weekday, 5) - 3


def _midnights(first: int, last: int, character: Character) -> Times:
    trading_days = np.arange(first, last, dtype=np.int64)
    if not character.all_week:
        weeks, weekday = np.divmod(trading_days + 3, 5)
        trading_days = weeks * 7 + weekday - 3
    return trading_days * MICROSECONDS_PER_DAY


def _whole_days(character: Character, resolution: Resolution, first: int, last: int) -> Bars:
    per_day = MICROSECONDS_PER_DAY // _slot(resolution)
    opens, closes = (_four_decimals(prices) for prices in daily_prices(character, last))
    timestamp = np.empty((last - first, per_day), dtype=np.int64)
    columns = np.empty((5, last - first, per_day))
    # a few days at a time, so that what is needed on the way stays small
    days = max(1, _CHUNK_BARS // per_day)
    for begin in range(first, last, days):
        end = min(begin + days, last)
        part = slice(begin - first, end - first)
        timestamp[part], columns[:, part] = _days(
            character, resolution, begin, opens[begin:end], closes[begin:end]
        )
    return Bars(character.symbol, timestamp.ravel(), *(column.ravel() for column in columns))


def _days(
    character: Character, resolution: Resolution, first: int, day_open: Floats, day_close: Floats
) -> tuple[Times, tuple[Floats, ...]]:
    days, slot = len(day_open), _slot(resolution)
    per_day = MICROSECONDS_PER_DAY // slot
    drawn = words(character.symbol, resolution.value, first * per_day, days * per_day)
    drawn = drawn.reshape(days, per_day, 4)
    volatility = character.volatility / math.sqrt(per_day)
    gap, _ = uniforms(drawn[..., 1])
    up, down = uniforms(drawn[..., 2])
    crowd, instant = uniforms(drawn[..., 3])

    timestamp = _midnights(first, first + days, character)[:, None] + np.arange(per_day) * slot
    close = _bridge(shocks(drawn[..., 0]) * volatility, day_open, day_close)
    volume = _volumes(character, crowd)
    if resolution is Resolution.TICK:
        close[:, 0] = day_open
        timestamp += (instant * slot).astype(np.int64)
        return timestamp, (close, close, close, close, volume)
    opened = np.empty_like(close)
    opened[:, 0] = day_open
    opened[:, 1:] = close[:, :-1] * (1.0 + GAP * volatility * (2.0 * gap[:, 1:] - 1.0))
    opened = _four_decimals(opened)
    high = _four_decimals(np.maximum(opened, close) * (1.0 + volatility * up))
    low = _four_decimals(np.minimum(opened, close) * (1.0 - volatility * down))
    return timestamp, (opened, high, low, close, volume)


def _bridge(moves: Floats, day_open: Floats, day_close: Floats) -> Floats:
    per_day = moves.shape[1]
    elapsed = np.arange(1, per_day + 1) / per_day
    walk = np.cumsum(moves, axis=1)
    walk -= elapsed * walk[:, -1:]
    line = day_open[:, None] + (day_close - day_open)[:, None] * elapsed
    return _four_decimals(line * (1.0 + np.clip(walk, -0.5, 0.5)))


def _volumes(character: Character, crowd: Floats) -> Floats:
    per_day = crowd.shape[1]
    clock = (2.0 * np.arange(per_day) + 1.0) / per_day - 1.0
    hours = 1.0 + 1.5 * (clock * clock - (1.0 - 1.0 / per_day**2) / 3.0)  # their mean is 1
    volume: Floats = np.maximum(1.0, np.rint(character.volume / per_day * hours * (0.5 + crowd)))
    return volume


def _four_decimals(prices: Floats) -> Floats:
    rounded: Floats = np.rint(prices * 10_000.0) / 10_000.0
    return rounded
