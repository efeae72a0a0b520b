"""Bringing symbols onto one timeline."""

import numpy as np
import pytest

from domain.engine import timeline
from domain.engine.timeline import Timeline, align
from domain.errors import DomainError
from domain.market.bars import Bars
from tests.domain.engine.building import MONDAY, bars

DAY = 86_400_000_000


def aligned(*data: Bars) -> Timeline:
    return align(data, [each.close + 1000 for each in data])


def test_the_timeline_is_the_sorted_union() -> None:
    timeline = aligned(
        bars("A", [1, 2], [3, 4], at=[1, 4]), bars("B", [5, 6, 7], [7, 8, 9], at=[0, 1, 9])
    )
    assert ((timeline.timestamp - MONDAY) // DAY).tolist() == [0, 1, 4, 9]
    nan = np.nan
    np.testing.assert_array_equal(timeline.open, [[nan, 5], [1, 6], [2, nan], [nan, 7]])
    np.testing.assert_array_equal(timeline.close, [[nan, 7], [3, 8], [4, nan], [nan, 9]])
    np.testing.assert_array_equal(
        timeline.target, [[nan, 1007], [1003, 1008], [1004, nan], [nan, 1009]]
    )
    np.testing.assert_array_equal(timeline.volume, np.where(np.isnan(timeline.open), nan, 1e6))


def test_a_timeline_has_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "BARS_MAX", 7)
    one, other = bars("A", [1, 2], [3, 4], at=[1, 4]), bars("B", [5, 6], [7, 8], at=[0, 1])
    assert len(aligned(one, other).timestamp) == 3
    with pytest.raises(DomainError, match="2 symbols over 4 different moments are more than the 7"):
        aligned(one, bars("B", [5, 6], [7, 8], at=[0, 9]))


def test_equal_timestamps_take_a_short_cut_to_the_same_arrays() -> None:
    one, other = bars("A", [1, 2, 3], [2, 3, 4]), bars("B", [5, 6, 7], [6, 7, 8])
    short = aligned(one, other)
    extra = bars("C", [1], [1], at=[7])
    long = aligned(one, other, extra)
    for name in Timeline._fields[1:]:
        np.testing.assert_array_equal(getattr(short, name), getattr(long, name)[:3, :2])
    assert short.timestamp.tolist() == long.timestamp[:3].tolist()


def test_arrays_are_what_compiled_code_is_compiled_for() -> None:
    for data in (
        [bars("A", [1, 2], [1, 2])],
        [bars("A", [1, 2], [1, 2]), bars("B", [1, 2], [1, 2])],
        [bars("A", [1, 2], [1, 2]), bars("B", [1], [1])],
    ):
        timeline = aligned(*data)
        assert timeline.timestamp.dtype == np.int64
        for column in timeline[1:]:
            assert column.dtype == np.float64
            assert column.shape == (2, len(data))
            assert column.flags.c_contiguous
            assert not column.flags.writeable
