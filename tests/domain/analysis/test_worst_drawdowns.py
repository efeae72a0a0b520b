"""The worst drawdowns: by hand, by a plain walk over the rows, and however they are cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analysis.worst_drawdowns import Episode, WorstDrawdowns
from domain.engine.drawdown import maximum_drawdown
from domain.engine.reproducible_math import ROUNDING

DAY = 86_400_000_000


def deepest(values: list[float], *cuts: int, days: list[int] | None = None) -> list[Episode]:
    """Of rows a day apart, in one stretch or cut into several."""
    numbers = np.array(range(len(values)) if days is None else days, dtype=np.int64)
    moments, value = numbers * DAY, np.array(values, dtype=np.float64)
    found = WorstDrawdowns(100.0)
    for start, stop in pairwise([0, *cuts, len(values)]):
        found.extend(moments[start:stop], numbers[start:stop], value[start:stop])
    return found.deepest()


def test_two_by_hand_the_deeper_first() -> None:
    found = deepest([100, 90, 95, 100, 110, 88, 77, 100, 120])
    assert [(each.start // DAY, each.trough // DAY) for each in found] == [(4, 6), (0, 1)]
    assert [each.recovery for each in found] == [8 * DAY, 3 * DAY]
    assert [each.depth for each in found] == pytest.approx([0.3, 0.1])


def test_a_row_of_the_document() -> None:
    (only,) = deepest([100, 80, 90, 101])
    assert only.row() == {
        "start": "1970-01-01T00:00:00+00:00",
        "trough": "1970-01-02T00:00:00+00:00",
        "recovery": "1970-01-04T00:00:00+00:00",
        "depth": pytest.approx(20.0),
        "days": 3,
    }


def test_one_that_is_open_counts_to_the_last_row() -> None:
    (only,) = deepest([120, 100, 90, 110])
    assert only.recovery is None
    assert only.row()["recovery"] is None
    assert only.row()["days"] == 3


def test_the_peak_is_where_it_was_last_touched_and_at_first_the_capital() -> None:
    touched_twice, at_once = deepest([110, 110, 99, 110]), deepest([95, 100])
    assert touched_twice[0].start == 1 * DAY
    assert at_once[0].start == 0
    assert at_once[0].depth == pytest.approx(0.05)


def test_a_fall_of_a_rounding_is_none() -> None:
    assert deepest([100, 100 * (1 - 1e-13), 100]) == []
    assert deepest([100, 101, 102]) == []


@pytest.mark.parametrize("cut", range(1, 9))
def test_one_that_a_cut_divides_is_one(cut: int) -> None:
    values = [100.0, 90, 95, 100, 110, 88, 77, 110, 120]
    assert deepest(values, cut) == deepest(values)
    assert deepest(values, *range(1, 9)) == deepest(values)


def test_ten_are_kept() -> None:
    values: list[float] = []
    for number in range(1, 16):
        values += [100.0, 100.0 - number]
    found = deepest([*values, 100.0])
    assert [round(100 * each.depth) for each in found] == list(range(15, 5, -1))


def plainly(values: list[float]) -> list[tuple[int, int, int | None, float]]:
    """Every drawdown as (start, trough, recovery, depth), in rows, one row at a time."""
    peak, touched, current = 100.0, 0, None
    found: list[tuple[int, int, int | None, float]] = []
    for row, value in enumerate(values):
        fall = (peak - value) / peak
        if fall > ROUNDING:
            if current is None or fall > current[3]:
                current = (touched, row, None, fall)
            continue
        if current is not None:
            found.append((current[0], current[1], row, current[3]))
        peak, touched, current = max(peak, value), row, None
    if current is not None:
        found.append(current)
    return sorted(found, key=lambda each: (-each[3], each[0]))[:10]


@given(
    st.lists(st.integers(1, 40).map(lambda tens: tens * 10.0), min_size=1, max_size=60),
    st.lists(st.integers(1, 59), max_size=6),
)
def test_they_are_those_of_a_plain_walk_however_the_rows_are_cut(
    values: list[float], cuts: list[int]
) -> None:
    edges = sorted({cut for cut in cuts if cut < len(values)})
    found = deepest(values, *edges)
    rows = [
        (
            each.start // DAY,
            each.trough // DAY,
            None if each.recovery is None else each.recovery // DAY,
            each.depth,
        )
        for each in found
    ]
    assert rows == plainly(values)
    numbers = np.arange(len(values))
    whole = maximum_drawdown(100.0, np.array(values), numbers)
    assert whole.depth == (found[0].depth if found else 0.0)
    if len(found) < 10:
        assert whole.days == max((each.last_day - each.start_day for each in found), default=0)
