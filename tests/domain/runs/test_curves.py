"""One curve folded alone is that of the whole document, from wherever the fold goes on."""

import json
from typing import Any

import polars as pl
import pytest

from domain.engine import tape
from domain.market.resolution import Resolution
from domain.runs.curves import CURVES, EMPTY, EVENT_TYPES, CurveFold
from domain.runs.events import Logged, Measured, Progressed, Queued, encode
from domain.runs.request import normalise
from tests.domain.runs.making import EVENTS, Recorded, a_request, equity, folded

DAY = Resolution.DAY.microseconds
TICK = Progressed(0.5, 1, 2, "1970-01-01T00:00:00+00:00", 1.0)
QUEUED: Recorded = (Queued(normalise(a_request(initial_capital=100.0))), None)


def ticked(first_day: int, values: list[float]) -> Recorded:
    moments = [(first_day + day) * DAY for day in range(len(values))]
    return TICK, tape.encode({"equity": equity(moments, values)})


RUN = [QUEUED, ticked(1, [110.0, 90.0]), ticked(3, [120.0, 0.0]), ticked(5, [50.0, 130.0])]


def rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(frame.write_json())
    return found


def test_the_points_are_those_of_the_document() -> None:
    fold = CurveFold("equity_curve")
    frames = [fold.add(*recorded) for recorded in RUN]
    assert [len(frame) for frame in frames] == [0, 2, 2, 2]
    assert rows(pl.concat(frames)) == folded(RUN)["equity_curve"]


def test_a_copy_goes_on_from_its_place_and_apart() -> None:
    fold = CurveFold("equity_curve")
    for recorded in RUN[:2]:
        fold.add(*recorded)
    copies = [fold.copied(), fold.copied()]
    document = folded(RUN)["equity_curve"]
    for each in (fold, *copies):
        assert rows(each.add(*RUN[2])) == document[2:4]
    assert rows(copies[0].add(*RUN[3])) == document[4:]


def test_what_is_undefined_is_null() -> None:
    fold = CurveFold("equity_curve")
    points = pl.concat([fold.add(*recorded) for recorded in RUN])
    assert points["daily_return"].to_list()[4] is None  # after a day that left nothing
    assert points.null_count().sum_horizontal().item() == 1


@pytest.mark.parametrize("curve", CURVES)
def test_rows_have_the_columns_and_types_that_are_told(curve: str) -> None:
    fold = CurveFold(curve)
    for recorded in RUN:
        assert fold.add(*recorded).schema == EMPTY[curve].schema


def test_only_events_of_the_types_that_are_told_bring_rows() -> None:
    told = {type(event) for event in EVENTS if encode(event).type in EVENT_TYPES}
    assert not told & {Measured, Logged}
    fold = CurveFold("equity_curve")
    fold.add(*QUEUED)
    assert all(fold.add(event, None).is_empty() for event in EVENTS)
