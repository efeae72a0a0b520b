"""The results document as a fold over a run's events."""

from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl
from msgspec import UNSET

from domain.analysis import analysis
from domain.analysis.analysis import Analysis
from domain.engine import tape
from domain.engine.tape import Segment
from domain.market.moments import iso
from domain.runs.curves import CURVES, rows_of
from domain.runs.equity_curve import EquityCurve
from domain.runs.events import Logged, Measured, Progressed, Queued, RunEvent, Started
from domain.runs.manifest import Manifest


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


def _curve_rows(segment: Segment) -> Iterator[tuple[str, bytes]]:
    for name in CURVES:
        rows = rows_of(name, segment)
        if len(rows):
            yield name, rows.write_json().encode()[1:-1]


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
