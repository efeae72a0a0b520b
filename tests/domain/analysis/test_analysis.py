"""The analysis of hand-written segments: what a day is, and what is held at its end."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from domain.analysis.analysis import TABLES, Analysis
from domain.engine import tape
from domain.market.bars import TIMESTAMP_TYPE
from domain.market.resolution import Resolution
from domain.runs.equity_curve import EquityCurve
from domain.runs.request import BacktestRequest
from tests.domain.engine.building import MONDAY, request_for

HOUR = Resolution.HOUR.microseconds

Exposure = tuple[int, str, float, float]


class Hours:
    """An analysis of hourly rows, fed segment by segment; hours count from Monday, midnight."""

    def __init__(self, timezone: str = "UTC", **settings: Any) -> None:
        request: BacktestRequest = request_for(
            ["A", "B"], "buy_and_hold", {}, capital=100.0, resolution=Resolution.HOUR,
            timezone=timezone, **settings,
        )  # fmt: skip
        self._analysis, self._curve = Analysis(request), EquityCurve(request)

    def add(
        self,
        hours: Sequence[int],
        cash: Sequence[float],
        positions: Sequence[float],
        exposures: Sequence[Exposure] = (),
        **tables: pl.DataFrame,
    ) -> None:
        """``exposures``: hour, symbol, value, weight."""
        held = pl.DataFrame(
            {
                "timestamp": moments([hour for hour, *_ in exposures]),
                "symbol": pl.Series([row[1] for row in exposures], dtype=pl.String),
                "quantity": pl.Series([1.0] * len(exposures), dtype=pl.Float64),
                "price": pl.Series([row[2] for row in exposures], dtype=pl.Float64),
                "value": pl.Series([row[2] for row in exposures], dtype=pl.Float64),
                "weight": pl.Series([row[3] for row in exposures], dtype=pl.Float64),
            }
        )
        equity = {"timestamp": moments(hours), "cash": cash, "positions": positions}
        segment = {**tape.EMPTY, "equity": pl.DataFrame(equity), "exposures": held, **tables}
        self._analysis.extend(segment, self._curve.extend(segment["equity"]))

    def __getitem__(self, name: str) -> list[dict[str, Any]]:
        return self._analysis.tables(252)[name].to_dicts()


def moments(hours: Sequence[int]) -> pl.Series:
    places = [MONDAY + hour * HOUR for hour in hours]
    return pl.Series(places, dtype=pl.Int64).cast(TIMESTAMP_TYPE)


def test_exposure_is_gross_and_net_at_the_end_of_each_session() -> None:
    hours = Hours()
    hours.add([22, 23], [100, 60], [0, 40], [(23, "A", 70.0, 0.7), (23, "B", -30.0, -0.3)])
    hours.add([24, 47], [100, 100], [0, 0])
    first, second = hours["exposure_curve"]
    assert (first["gross"], first["net"]) == (pytest.approx(100.0), pytest.approx(40.0))
    assert first["positions"] == 2
    assert (second["gross"], second["net"], second["positions"]) == (0.0, 0.0, 0)


def test_what_is_held_in_the_middle_of_a_day_is_not_known_before_it_ends() -> None:
    hours = Hours()
    hours.add([22, 23], [50, 50], [50, 50], [(23, "A", 50.0, 0.5)])
    hours.add([24, 25], [50, 50], [50, 50])
    assert [row["gross"] for row in hours["exposure_curve"]] == [50.0]
    hours.add([47], [50], [50], [(47, "A", 50.0, 0.5)])
    assert [row["gross"] for row in hours["exposure_curve"]] == [50.0, 50.0]


def test_a_day_in_two_segments_is_one_day_with_its_last_mark() -> None:
    hours = Hours()
    hours.add([1, 2], [100, 110], [0, 0])
    hours.add([3, 23, 24], [120, 90, 99], [0, 0, 0])
    assert [row["drawdown"] for row in hours["rolling"]] == pytest.approx([25.0, 17.5])
    assert [row["return"] for row in hours["monthly_returns"]] == pytest.approx([-1.0])


@pytest.mark.parametrize(
    ("timezone", "months"),
    [("UTC", ["2024-01", "2024-02"]), ("America/New_York", ["2024-01"])],
)
def test_days_and_months_are_those_of_the_time_zone(timezone: str, months: list[str]) -> None:
    hours = Hours(timezone)
    first_of_february = 31 * 24
    hours.add([first_of_february - 12, first_of_february + 4], [100, 110], [0, 0])
    assert [row["month"] for row in hours["monthly_returns"]] == months


def test_a_benchmark_is_carried_over_days_without_it() -> None:
    hours = Hours()
    benchmark = pl.DataFrame({"timestamp": moments([23]), "value": [100.0]})
    hours.add([23], [100], [0], benchmark=benchmark)
    later = pl.DataFrame({"timestamp": moments([24 * 40]), "value": [150.0]})
    hours.add([24 * 40, 24 * 70], [110, 121], [0, 0], benchmark=later)
    returns = [row["benchmark_return"] for row in hours["monthly_returns"]]
    assert returns == pytest.approx([0.0, 50.0, 0.0])


def test_contributions_are_the_latest_of_each_symbol() -> None:
    hours = Hours()
    for hour, profit in ((23, 5.0), (47, 7.0)):
        table = pl.DataFrame(
            {"timestamp": moments([hour] * 2), "symbol": ["A", None], "profit": [profit, -1.0]}
        )
        hours.add([hour], [100], [0], contributions=table)
    assert hours["contributions"] == [
        {"symbol": "A", "profit": 7.0, "contribution": pytest.approx(7.0)},
        {"symbol": None, "profit": -1.0, "contribution": pytest.approx(-1.0)},
    ]


def test_before_the_first_segment_every_table_is_empty() -> None:
    hours = Hours()
    assert {name: hours[name] for name in TABLES} == {name: [] for name in TABLES}
