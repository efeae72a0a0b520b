"""The prices that everyone trades on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.market.synthetic import synthetic_bars

YEAR_2000 = 10_957 * MICROSECONDS_PER_DAY
SAMPLE = Path("service", "market_data", "sample", "AAPL_day.parquet")


def minutes(count: int) -> Bars:
    """So many made-up minutes of one symbol."""
    end = YEAR_2000 + count * Resolution.MINUTE.microseconds
    return _first(count, synthetic_bars("BTC/USDT", Resolution.MINUTE, YEAR_2000, end))


def days(symbols: int, count: int) -> list[Bars]:
    """So many made-up days of so many symbols, all on the same dates."""
    end = YEAR_2000 + 2 * count * MICROSECONDS_PER_DAY
    names = [f"S{number}" for number in range(symbols)]
    return [_first(count, synthetic_bars(name, Resolution.DAY, YEAR_2000, end)) for name in names]


def ticks(count: int) -> Bars:
    """So many made-up ticks, a second apart: the closes of minutes, over and over."""
    closes = minutes(100_000).close
    price = np.resize(closes, count)
    timestamp = YEAR_2000 + np.arange(count) * 1_000_000
    opened, high, low, close = (price.copy() for _ in range(4))
    return Bars("TICKS", timestamp, opened, high, low, close, np.ones(count))


def sample() -> Bars:
    """The bundled daily prices of AAPL."""
    return Bars.from_frame("AAPL", pl.read_parquet(SAMPLE))


def save(bars: Sequence[Bars], path: Path) -> Path:
    """Write the columns for a peer: float64[n], or float64[n, symbols] for more than one."""
    columns = {
        name: np.column_stack([getattr(each, name) for each in bars]) for name in COLUMNS[1:]
    }
    if len(bars) == 1:
        columns = {name: column[:, 0] for name, column in columns.items()}
    np.savez(path, timestamp=bars[0].timestamp, **columns)  # type: ignore[arg-type]  # not allow_pickle
    return path


def _first(count: int, bars: Bars) -> Bars:
    assert len(bars) >= count
    return Bars(bars.symbol, *(getattr(bars, name)[:count].copy() for name in COLUMNS))
