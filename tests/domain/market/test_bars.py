"""Bars as columns: frames, ranges, fingerprints; and resolutions."""

import numpy as np
import pytest

from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars

DAY = Resolution.DAY.microseconds


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_bars("AAPL", Resolution.DAY, 0, 99 * DAY)


def test_a_frame_and_back_is_the_same(bars: Bars) -> None:
    again = Bars.from_frame("AAPL", bars.frame())
    assert again.sha256() == bars.sha256()
    for name in COLUMNS:
        assert getattr(again, name).dtype == getattr(bars, name).dtype
        assert getattr(again, name).flags.c_contiguous


def test_neither_a_column_nor_what_it_was_made_from_can_be_written() -> None:
    prices = np.array([1.0, 2, 3])
    made = Bars("A", np.arange(3), *(prices[:] for _ in range(5)))
    for array in (made.close, prices):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9
    with pytest.raises(ValueError, match="WRITEABLE"):
        made.close.flags.writeable = True


def test_both_ends_of_a_range_belong_to_it(bars: Bars) -> None:
    first, last = int(bars.timestamp[3]), int(bars.timestamp[7])
    part = bars.between(first, last)
    assert part.timestamp.tolist() == bars.timestamp[3:8].tolist()
    assert len(bars.between(first + 1, last - 1)) == 3
    assert np.shares_memory(part.close, bars.close)


def test_the_fingerprint_changes_with_any_column(bars: Bars) -> None:
    known = {bars.sha256()}
    for name in COLUMNS:
        columns = {each: getattr(bars, each).copy() for each in COLUMNS}
        columns[name][50] += 1
        known.add(Bars("AAPL", **columns).sha256())
    assert len(known) == 1 + len(COLUMNS)


def test_a_resolution_knows_what_it_can_be_made_of() -> None:
    assert Resolution.TICK.finer() == []
    assert Resolution.HOUR.finer() == [Resolution.MINUTE, Resolution.SECOND, Resolution.TICK]
