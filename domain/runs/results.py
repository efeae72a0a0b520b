"""The results document as a fold over a run's events, and the equity curve's derived columns."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import polars as pl
from msgspec import UNSET

from domain.analysis import analysis
from domain.analysis.analysis import Analysis
from domain.engine import tape
from domain.engine.tape import Segment
from domain.market.bars import Floats
from domain.market.moments import iso
from domain.market.sessions import session_days
from domain.runs.events import Logged, Measured, Progressed, Queued, RunEvent, Started
from domain.runs.manifest import Manifest
from domain.runs.request import BacktestRequest

# Of each curve of the document, the table of the tape that it is made of.
CURVES = {
    "equity_curve": "equity",
    "trades": "fills",
    "orders": "orders",
    "round_trips": "round_trips",
    "cash_events": "cash_events",
    "actions": "actions",
    "exposures": "exposures",
    "benchmark_curve": "benchmark",
    "recorded": "recorded",
}

_TRADE_COLUMNS = [
    "symbol", "timestamp", "side", "quantity", "price", "commission", "order_id", "slippage",
    "rule", "reasoning", "confidence",
]  # fmt: skip


class ResultsFold:
    """Folds a run's events, in order, into the results document.

    The small parts (metrics, analysis, logs, manifest) gather here; the rows of the curves are
    handed out event by event, so that a run of any length folds in the memory of one tape segment
    and of its days.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._metrics: dict[str, float | int | None] = {}
        self._logs: list[dict[str, Any]] = []
        self._manifest: Manifest | None = None
        self._equity: EquityCurve | None = None
        self._analysis: Analysis | None = None

    def add(
        self, event: RunEvent, recorded_at: int, attachment: bytes | None
    ) -> Iterator[tuple[str, bytes]]:
        """Take the next event in; yield (curve, its new rows as JSON objects joined by commas)."""
        match event:
            case Queued(request=request):
                self._equity, self._analysis = EquityCurve(request), Analysis(request)
            case Started(manifest=manifest):
                self._manifest = manifest
            case Measured(name=name, value=value):
                self._metrics[name] = value
            case Logged(message=message, level=level, bar=bar):
                line = {"timestamp": iso(recorded_at), "level": level, "message": message}
                self._logs.append(line if bar is UNSET else {**line, "bar": bar})
            case Progressed() if attachment and self._equity and self._analysis:
                segment = tape.decode(attachment)
                points = self._equity.extend(segment["equity"])
                self._analysis.extend(segment, points)
                yield from _curve_rows({**segment, "equity": points})

    def document(self, curves: dict[str, Iterator[bytes]]) -> Iterator[bytes]:
        """Yield the whole document; ``curves`` maps each name of ``CURVES`` to its rows' pieces."""
        yield b'{"run_id":' + _json(self._run_id)
        yield b',"metrics_summary":' + _json(self._metrics)
        for name in CURVES:
            yield b',"' + name.encode() + b'":['
            yield from curves[name]
            yield b"]"
        for name, table in self._tables().items():
            yield b',"' + name.encode() + b'":' + table.write_json().encode()
        yield b',"logs":' + _json(self._logs) + b',"manifest":' + _json(self._manifest) + b"}"

    def _tables(self) -> dict[str, pl.DataFrame]:
        if self._analysis is None or self._manifest is None:
            return dict.fromkeys(analysis.TABLES, pl.DataFrame())
        return self._analysis.tables(self._manifest.periods_per_year)


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


def _curve_rows(segment: Segment) -> Iterator[tuple[str, bytes]]:
    for name, table in CURVES.items():
        rows = segment[table]
        if name == "trades":
            rows = rows.select(_TRADE_COLUMNS)
        if len(rows):
            yield name, rows.write_json().encode()[1:-1]


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
