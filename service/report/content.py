"""What a tear sheet is made of, folded from a run's events in bounded memory."""

from typing import NamedTuple

import numpy as np
import polars as pl

from domain.analysis.analysis import Analysis
from domain.engine import tape
from domain.runs.equity_curve import EquityCurve
from domain.runs.events import Completed, Logged, Measured, Progressed, Queued, RunEvent, Started
from domain.runs.manifest import Manifest
from domain.runs.request import BacktestRequest

POINTS_MAX = 5_000  # of a curve, about
FILLS_KEPT = ROUND_TRIPS_KEPT = 5_000
LOGS_KEPT = 200
WARNINGS_KEPT = 5


class Content(NamedTuple):
    """A run's results, thinned out to what can be seen on a page.

    ``points``: the equity curve, every segment's peak and trough among them; ``recorded``: a
    strategy's own series; ``tables``: those of ``Analysis``; of ``fills`` and ``round_trips`` the
    latest; of the log's ``log_lines`` and ``warning_lines`` the first.
    """

    run_id: str
    request: BacktestRequest
    manifest: Manifest
    metrics: dict[str, float | int | None]
    logs: list[Logged]
    log_lines: int
    warnings: list[Logged]
    warning_lines: int
    digest: str
    points: pl.DataFrame
    fills: pl.DataFrame
    round_trips: pl.DataFrame
    exposures: pl.DataFrame
    benchmark: pl.DataFrame
    recorded: pl.DataFrame
    tables: dict[str, pl.DataFrame]


class _Rows:
    """The frames of one table, at most the last ``kept`` rows of them."""

    def __init__(self, name: str, kept: int | None = None) -> None:
        self._name = name
        self._kept = kept
        self.frame = tape.EMPTY[name]

    def extend(self, segment: tape.Segment) -> None:
        """Take a segment's rows in."""
        rows = segment[self._name]
        if len(rows):
            frame = pl.concat([self.frame, rows])
            self.frame = frame if self._kept is None else frame.tail(self._kept)


class ContentFold:
    """Folds the events of a completed run, in order, into what its tear sheet shows."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._metrics: dict[str, float | int | None] = {}
        self._logs: list[Logged] = []
        self._warnings: list[Logged] = []
        self._log_lines = self._warning_lines = 0
        self._digest = ""
        self._points: list[pl.DataFrame] = []
        self._fills = _Rows("fills", FILLS_KEPT)
        self._round_trips = _Rows("round_trips", ROUND_TRIPS_KEPT)
        self._exposures = _Rows("exposures")
        self._benchmark = _Rows("benchmark")
        self._recorded = [tape.EMPTY["recorded"]]

    def add(self, event: RunEvent, attachment: bytes | None) -> None:
        """Take the next event in."""
        match event:
            case Queued(request=request):
                self._request = request
                self._equity, self._analysis = EquityCurve(request), Analysis(request)
            case Started(manifest=manifest):
                self._manifest = manifest
            case Measured(name=name, value=value):
                self._metrics[name] = value
            case Logged():
                self._add_line(event)
            case Progressed(bars=bars) if attachment is not None:
                self._add_segment(tape.decode(attachment), bars)
            case Completed(digest=digest):
                self._digest = digest
            case _:
                pass

    def content(self) -> Content:
        """Everything that was gathered, once the run is completed."""
        return Content(
            run_id=self._run_id,
            request=self._request,
            manifest=self._manifest,
            metrics=self._metrics,
            logs=self._logs,
            log_lines=self._log_lines,
            warnings=self._warnings,
            warning_lines=self._warning_lines,
            digest=self._digest,
            points=pl.concat(self._points),
            fills=self._fills.frame,
            round_trips=self._round_trips.frame,
            exposures=self._exposures.frame,
            benchmark=self._benchmark.frame,
            recorded=pl.concat(self._recorded),
            tables=self._analysis.tables(self._manifest.periods_per_year),
        )

    def _add_line(self, line: Logged) -> None:
        self._log_lines += 1
        if len(self._logs) < LOGS_KEPT:
            self._logs.append(line)
        if line.level == "warning":
            self._warning_lines += 1
            if len(self._warnings) < WARNINGS_KEPT:
                self._warnings.append(line)

    def _add_segment(self, segment: tape.Segment, bars: int) -> None:
        one_in = -(-bars // POINTS_MAX)
        points = self._equity.extend(segment["equity"])
        self._analysis.extend(segment, points)
        self._points.append(_thinned(points.select("timestamp", "value", "drawdown"), one_in))
        for rows in (self._fills, self._round_trips, self._exposures, self._benchmark):
            rows.extend(segment)
        self._recorded.append(_thinned_by_name(segment["recorded"], one_in))


def _thinned(points: pl.DataFrame, one_in: int) -> pl.DataFrame:
    if one_in == 1 or points.is_empty():
        return points
    extremes = [points[name].to_numpy().argmax() for name in ("value", "drawdown")]
    evenly = range(0, len(points), one_in)
    return points[np.unique([*evenly, len(points) - 1, *extremes])]


def _thinned_by_name(recorded: pl.DataFrame, one_in: int) -> pl.DataFrame:
    return recorded.filter(pl.int_range(pl.len()).over("name") % one_in == 0)
