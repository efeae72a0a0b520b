"""Bars and moments to test with."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from domain.market.bars import Bars
from domain.market.moments import since_epoch

REAL_FILES = Path(__file__).parents[4] / "shared" / "data" / "real"


def at(text: str) -> int:
    """Microseconds UTC of an ISO 8601 time; UTC unless it says otherwise."""
    moment = datetime.fromisoformat(text)
    return since_epoch(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def bars_at(symbol: str, *times: str) -> Bars:
    """Bars at these times: the n-th (from 1) opens at n and closes at n + 0.5, volume 10 n."""
    count = np.arange(1, len(times) + 1, dtype=np.float64)
    timestamp = np.array([at(time) for time in times], dtype=np.int64)
    return Bars(symbol, timestamp, count, count + 1, count / 2, count + 0.5, 10 * count)


def spelled_times(bars: Bars) -> list[str]:
    """The bars' times as ISO 8601, UTC, to the second."""
    return [str(time) for time in bars.timestamp.astype("M8[us]").astype("M8[s]")]
