"""The random numbers of synthetic prices, and the walk of their daily opens and closes.

Nothing is used but SHA-256, the raw integers of the Philox generator (a counter-based one, stable
by NumPy's NEP 19) and + - * /, which IEEE 754 defines to the last bit: every machine agrees.
"""

import hashlib
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from domain.compiled import compiled
from domain.market.bars import Floats

Words: TypeAlias = npt.NDArray[np.uint64]

GAP = 0.3  # largest move from one bar's close to the next one's open, in a bar's volatility

_LOWEST, _HIGHEST = 1.0, 10_000.0
_PULL = 0.004
_LOW_HALF = np.uint64(0xFFFFFFFF)
_HALF_BITS = np.uint64(32)


class Character(NamedTuple):
    """What a symbol's name decides.

    ``level``: the price it is pulled to, 20 to 500; ``volatility``: of one day, a fraction, 0.01
    to 0.03; ``volume``: mean of one day; ``all_week``: whether it trades on weekends.
    """

    symbol: str
    level: float
    volatility: float
    volume: float
    all_week: bool

    @classmethod
    def of(cls, symbol: str) -> "Character":
        """Drawn from the SHA-256 of ``symbol``."""
        digest = hashlib.sha256(symbol.encode()).digest()
        level, volatility, volume = (
            int.from_bytes(digest[first : first + 6], "little") / 2**48 for first in (0, 6, 12)
        )
        parts = symbol.replace("/", "-").split("-")
        return cls(
            symbol,
            level=20.0 + 480.0 * level,
            volatility=0.01 + 0.02 * volatility,
            volume=200_000.0 + 4_800_000.0 * volume,
            all_week=len(parts) == 2 and min(map(len, parts)) >= 3,
        )


def words(symbol: str, purpose: str, first: int, count: int) -> Words:
    """Four random 64-bit words for each of ``count`` counters from ``first`` on: uint64[count, 4].

    Counter n's words depend on symbol, purpose and n only.
    """
    digest = hashlib.sha256(f"{purpose} {symbol}".encode()).digest()
    generator = np.random.Philox(key=int.from_bytes(digest[:16], "little"), counter=first)
    return generator.random_raw(4 * count).reshape(count, 4)


def uniforms(column: Words) -> tuple[Floats, Floats]:
    """Two numbers in [0, 1) from each word: of its high and of its low 32 bits."""
    high: Floats = (column >> _HALF_BITS) / 2.0**32
    low: Floats = (column & _LOW_HALF) / 2.0**32
    return high, low


def shocks(column: Words) -> Floats:
    """A bell-shaped number from each word, mean 0, variance 1, within ±3.5.

    The sum of its four 16-bit quarters, centred and scaled (Irwin-Hall).
    """
    quarters = np.ascontiguousarray(column).view(np.uint16).reshape(*column.shape, 4)
    centred = quarters.sum(axis=-1, dtype=np.int64) - 2 * 65_535
    scaled: Floats = centred / 37_837.2
    return scaled


def daily_prices(character: Character, days: int) -> tuple[Floats, Floats]:
    """Open and close of the first ``days`` trading days since 1970: two float64[days]."""
    drawn = words(character.symbol, "walk", 0, days)
    gap, _ = uniforms(drawn[:, 1])
    return _walk(shocks(drawn[:, 0]), 2.0 * gap - 1.0, character.level, character.volatility)


@compiled
def _walk(moves: Floats, gaps: Floats, level: float, volatility: float) -> tuple[Floats, Floats]:
    opens, closes = np.empty(len(moves)), np.empty(len(moves))
    close = level
    for day in range(len(moves)):
        opened = close * (1.0 + GAP * volatility * gaps[day])
        opened = min(max(opened, _LOWEST), _HIGHEST)
        # near the level, half its log distance: exp and log would not be the same everywhere
        pull = _PULL * (level - opened) / (level + opened)
        close = opened * (1.0 + volatility * moves[day] + pull)
        close = min(max(close, _LOWEST), _HIGHEST)
        opens[day], closes[day] = opened, close
    return opens, closes
