"""A run's performance over time, folded from the segments of its tape."""

import numpy as np
import polars as pl

from domain.analysis.calendar_returns import calendar_returns
from domain.analysis.rolling import rolling_risk, window_of
from domain.analysis.worst_drawdowns import WorstDrawdowns
from domain.engine.return_metrics import daily_returns
from domain.engine.tape import EMPTY, Segment
from domain.market.bars import Floats
from domain.market.sessions import last_of_day, session_days
from domain.runs.request import BacktestRequest

TABLES = (
    "rolling", "exposure_curve", "monthly_returns", "yearly_returns", "drawdowns", "contributions"
)  # fmt: skip


_KEPT = ("timestamp", "value", "positions", "drawdown")


class Analysis:
    """Gathers one row for each session day, and what the worst drawdowns and profits are.

    Its memory grows with the days and the symbols of a run, never with its bars.
    """

    def __init__(self, request: BacktestRequest) -> None:
        self._request = request
        self._marks: list[pl.DataFrame] = []
        self._exposures: list[pl.DataFrame] = []
        self._benchmark: list[pl.DataFrame] = []
        self._profits: dict[str | None, float] = {}
        self._drawdowns = WorstDrawdowns(request.initial_capital)

    def extend(self, segment: Segment, points: pl.DataFrame) -> None:
        """Take the next segment in, and its equity points: see ``EquityCurve``."""
        if len(points):
            moments = points["timestamp"].cast(pl.Int64).to_numpy()
            days = session_days(moments, self._request.resolution, self._request.timezone)
            self._drawdowns.extend(moments, days, points["value"].to_numpy())
            marks = points.select(*_KEPT).with_columns(day=days)
            self._marks.append(marks.filter(last_of_day(days)))
        if len(segment["exposures"]):
            self._exposures.append(_sums(segment["exposures"]))
        if len(segment["benchmark"]):
            self._benchmark.append(segment["benchmark"])
        self._profits.update(segment["contributions"].select("symbol", "profit").iter_rows())

    def tables(self, periods_per_year: int) -> dict[str, pl.DataFrame]:
        """Every table of ``TABLES`` so far; ``periods_per_year`` is that of the manifest."""
        found = {name: pl.DataFrame() for name in TABLES}
        found["drawdowns"] = pl.DataFrame([each.row() for each in self._drawdowns.deepest()])
        found["contributions"] = self._contributions()
        if self._marks:
            marks = self._daily_marks()
            value, days = marks["value"].to_numpy(), marks["day"].to_numpy()
            against = self._benchmark_on(marks)
            capital = self._request.initial_capital
            found["monthly_returns"] = calendar_returns("month", days, value, against, capital)
            found["yearly_returns"] = calendar_returns("year", days, value, against, capital)
            found["rolling"] = self._rolling(marks, periods_per_year)
            found["exposure_curve"] = self._exposure_curve(marks)
        return found

    def _daily_marks(self) -> pl.DataFrame:
        # A day that two segments share has a row in both.
        return pl.concat(self._marks).unique("day", keep="last", maintain_order=True)

    def _benchmark_on(self, marks: pl.DataFrame) -> Floats | None:
        if not self._benchmark:
            return None
        benchmark = pl.concat(self._benchmark).rename({"value": "benchmark"})
        joined = marks.join_asof(benchmark, on="timestamp", strategy="backward")
        return joined["benchmark"].fill_null(np.nan).to_numpy()

    def _rolling(self, marks: pl.DataFrame, periods_per_year: int) -> pl.DataFrame:
        value = np.append(self._request.initial_capital, marks["value"].to_numpy())
        volatility, sharpe_ratio = rolling_risk(
            daily_returns(value),
            window_of(periods_per_year),
            periods_per_year,
            self._request.execution.risk_free_rate,
        )
        return marks.select(
            "timestamp",
            volatility=pl.Series(volatility, nan_to_null=True),
            sharpe_ratio=pl.Series(sharpe_ratio, nan_to_null=True),
            drawdown="drawdown",
        )

    def _exposure_curve(self, marks: pl.DataFrame) -> pl.DataFrame:
        sums = pl.concat([_sums(EMPTY["exposures"]), *self._exposures])
        held = marks.select("timestamp", value="positions")
        joined = held.join(sums, on="timestamp", how="left", maintain_order="left")
        # What is held in the middle of a day is not on the tape before the day ends.
        known = joined.filter((pl.col("value") == 0.0) | pl.col("gross").is_not_null())
        return known.drop("value").fill_null(0)

    def _contributions(self) -> pl.DataFrame:
        capital = self._request.initial_capital
        return pl.DataFrame(
            [
                {"symbol": symbol, "profit": profit, "contribution": 100.0 * profit / capital}
                for symbol, profit in self._profits.items()
            ]
        )


def _sums(exposures: pl.DataFrame) -> pl.DataFrame:
    return exposures.group_by("timestamp", maintain_order=True).agg(
        gross=100.0 * pl.col("weight").abs().sum(),
        net=100.0 * pl.col("weight").sum(),
        positions=pl.len().cast(pl.Int64),
    )
