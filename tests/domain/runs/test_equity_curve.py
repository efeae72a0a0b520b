"""The derived columns of an equity point, worked out by hand, in whatever stretches it comes."""

import random
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.engine import tape
from domain.market.resolution import Resolution
from domain.runs.equity_curve import EquityCurve
from domain.runs.events import Progressed, Queued
from domain.runs.request import BacktestRequest
from tests.domain.engine.building import MONDAY, request_for
from tests.domain.runs.making import Recorded, column, equity, folded

DAY = Resolution.DAY.microseconds
HOUR = Resolution.HOUR.microseconds


def stretch(rows: pl.DataFrame) -> Recorded:
    event = Progressed(progress=0.5, bar=1, bars=2, timestamp="", equity=0.0)
    return event, tape.encode({"equity": rows})


def points(request: BacktestRequest, rows: pl.DataFrame, *cuts: int) -> list[dict[str, Any]]:
    """The equity points of these rows, handed over in one piece or cut in several."""
    edges = [0, *cuts, len(rows)]
    pieces = [rows[start:stop] for start, stop in pairwise(edges)]
    document = folded([(Queued(request), None), *map(stretch, pieces)])
    found: list[dict[str, Any]] = document["equity_curve"]
    return found


def daily_request() -> BacktestRequest:
    return request_for(["A"], "buy_and_hold", {}, capital=1_000.0)


def test_an_equity_point_by_hand() -> None:
    rows = equity([MONDAY, MONDAY + DAY, MONDAY + 2 * DAY], [1_100, 880, 1_210])
    second = points(daily_request(), rows)[1]
    assert list(second) == [
        "timestamp", "value", "equity", "cash", "positions", "total_pnl", "returns",
        "daily_return", "drawdown",
    ]  # fmt: skip
    assert second.pop("timestamp") == "2024-01-02T00:00:00+00:00"
    assert second == pytest.approx(
        {
            "value": 880,
            "equity": 880,
            "cash": 220,
            "positions": 660,
            "total_pnl": -120,
            "returns": -12,
            "daily_return": -20,
            "drawdown": 20,
        }
    )


def test_drawdown_is_from_the_highest_value_so_far_beginning_with_the_capital() -> None:
    values = [900, 800, 1_000, 1_200, 600, 1_200, 1_500]
    rows = equity([MONDAY + day * DAY for day in range(7)], values)
    assert column(points(daily_request(), rows), "drawdown") == pytest.approx(
        [10, 20, 0, 0, 50, 0, 0]
    )


def hourly_request(timezone: str) -> BacktestRequest:
    return request_for(
        ["A"], "buy_and_hold", {}, capital=1_000.0, resolution=Resolution.HOUR, timezone=timezone
    )


def test_a_daily_return_is_since_the_last_mark_of_the_day_before() -> None:
    rows = equity(
        [MONDAY + hour * HOUR for hour in (22, 23, 24, 25, 72)], [1_010, 1_100, 1_155, 990, 495]
    )
    found = points(hourly_request("UTC"), rows)
    assert column(found, "daily_return") == pytest.approx([1, 10, 5, -10, -50])


def test_days_are_those_of_the_time_zone_except_for_daily_bars() -> None:
    # 04:00 UTC is 23:00 of the day before in New York.
    moments = [MONDAY + hour * HOUR for hour in (3, 4, 5, 6)]
    rows = equity(moments, [1_100, 1_000, 2_000, 1_500])
    found = points(hourly_request("America/New_York"), rows)
    assert column(found, "daily_return") == pytest.approx([10, 0, 100, 50])
    rows = equity([MONDAY, MONDAY + DAY], [1_100, 2_200])
    request = request_for(["A"], "buy_and_hold", {}, capital=1_000.0, timezone="America/New_York")
    assert column(points(request, rows), "daily_return") == pytest.approx([10, 100])


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(0, 2**32), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_one_stretch_or_many_fold_to_the_same_rows(count: int, seed: int, timezone: str) -> None:
    generator = random.Random(seed)
    moments = sorted(MONDAY + generator.randrange(200) * HOUR for _ in range(count))
    rows = equity(moments, [generator.uniform(500, 1_500) for _ in range(count)])
    request = hourly_request(timezone)
    cuts = sorted(generator.sample(range(1, count + 1), generator.randrange(count)))
    assert points(request, rows, *cuts) == points(request, rows)
    assert points(request, rows, *range(1, count)) == points(request, rows)


def test_an_account_that_is_worth_nothing_has_no_daily_return_after() -> None:
    rows = equity([MONDAY + day * DAY for day in range(3)], [1_000, 0, 0])
    for cuts in ([], [1], [1, 2]):
        found = points(daily_request(), rows, *cuts)
        assert column(found, "daily_return") == [0, -100, None]
        assert column(found, "drawdown") == [0, 100, 100]


def test_an_account_that_owes_more_than_it_has_has_no_daily_return_after() -> None:
    rows = equity([MONDAY + day * DAY for day in range(3)], [1_000, -500, -400])
    found = points(daily_request(), rows)
    assert column(found, "daily_return") == [0, -150, None]


def test_a_segment_without_rows_changes_nothing() -> None:
    rows = equity([MONDAY, MONDAY + DAY], [1_100, 880])
    curve = EquityCurve(daily_request())
    assert len(curve.extend(rows[:0])) == 0
    assert points(daily_request(), rows, 0, 1, 1) == points(daily_request(), rows)
