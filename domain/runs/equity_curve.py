"""The equity curve's derived columns."""

import numpy as np
import polars as pl

from domain.market.bars import TIMESTAMP_TYPE, Floats
from domain.market.sessions import session_days
from domain.runs.request import BacktestRequest

COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "timestamp": TIMESTAMP_TYPE,
    "value": pl.Float64,
    "equity": pl.Float64,
    "cash": pl.Float64,
    "positions": pl.Float64,
    "total_pnl": pl.Float64,
    "returns": pl.Float64,
    "daily_return": pl.Float64,
    "drawdown": pl.Float64,
}


class EquityCurve:
    """Derives an equity point's columns from cash and positions, carrying on between segments."""

    def __init__(self, request: BacktestRequest) -> None:
        self._request = request
        self._peak = self._last = self._day_base = request.initial_capital
        self._day: int | None = None

    def extend(self, equity: pl.DataFrame) -> pl.DataFrame:
        """Give the points of the next segment.

        ``value`` = ``equity`` = cash + positions; ``total_pnl`` in account currency; ``returns``
        since the start, ``daily_return`` since the last mark of the day before (the initial
        capital on the first day; NaN when nothing was left) and ``drawdown`` from the highest
        value so far, all in percent.
        """
        if equity.is_empty():
            return equity
        initial = self._request.initial_capital
        cash, positions = equity["cash"].to_numpy(), equity["positions"].to_numpy()
        value: Floats = cash + positions
        peak = np.maximum.accumulate(np.append(self._peak, value))[1:]
        base = self._bases(equity["timestamp"], value)
        base[base <= 0.0] = np.nan
        self._peak, self._last = float(peak[-1]), float(value[-1])
        return pl.DataFrame(
            {
                "timestamp": equity["timestamp"],
                "value": value,
                "equity": value,
                "cash": cash,
                "positions": positions,
                "total_pnl": value - initial,
                "returns": (value / initial - 1.0) * 100.0,
                "daily_return": (value / base - 1.0) * 100.0,
                "drawdown": (peak - value) / peak * 100.0,
            }
        )

    def _bases(self, timestamp: pl.Series, value: Floats) -> Floats:
        moments = timestamp.cast(pl.Int64).to_numpy()
        days = session_days(moments, self._request.resolution, self._request.timezone)
        before = np.append(days[0] if self._day is None else self._day, days[:-1])
        opens_day = np.flatnonzero(days != before)
        last_values = np.append(self._last, value[:-1])
        lengths = np.diff(np.append(0, np.append(opens_day, len(days))))
        bases = np.repeat(np.append(self._day_base, last_values[opens_day]), lengths)
        self._day, self._day_base = int(days[-1]), float(bases[-1])
        return bases
