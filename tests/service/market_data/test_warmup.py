"""The bars before a run's first, however far back they are."""

import numpy as np
import pytest

from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.market.synthetic import synthetic_bars
from service.market_data.warmup import with_bars_before

DAY = MICROSECONDS_PER_DAY


def bars_on(days: list[int]) -> Bars:
    price = np.arange(1.0, len(days) + 1)
    return Bars("A", np.array(days, np.int64) * DAY, price, price, price, price, price)


def warmed(held: Bars, start: int, count: int) -> tuple[Bars, int]:
    run = held.between(start * DAY, 2**60)
    return with_bars_before(run, count, held.between, start * DAY, Resolution.DAY)


def test_the_last_bars_before_the_start_come_first() -> None:
    held = bars_on([1, 2, 3, 5, 8, 9])
    found, count = warmed(held, 6, 2)
    assert count == 2
    assert (found.timestamp // DAY).tolist() == [3, 5, 8, 9]
    for name in COLUMNS:
        assert getattr(found, name).tolist() == getattr(held, name)[2:].tolist()


def test_a_gap_of_years_is_searched_through() -> None:
    found, count = warmed(bars_on([-5_000, -4_000, 9_000, 9_001]), 9_000, 2)
    assert count == 2
    assert (found.timestamp // DAY).tolist() == [-5_000, -4_000, 9_000, 9_001]


def test_there_may_be_fewer_than_were_asked_for() -> None:
    found, count = warmed(bars_on([1, 2, 3]), 3, 50)
    assert (count, len(found)) == (2, 3)


def test_nothing_asked_for_nothing_done() -> None:
    held = bars_on([1, 2, 3])
    found, count = warmed(held, 2, 0)
    assert (found.timestamp // DAY).tolist() == [2, 3]
    assert count == 0


@pytest.mark.parametrize("resolution", [*Resolution])
def test_made_up_bars_of_any_resolution(resolution: Resolution) -> None:
    start = 20_000 * DAY + 12 * 3_600_000_000  # noon of a Thursday

    def load(first: int, last: int) -> Bars:
        return synthetic_bars("AAPL", resolution, first, last)

    run = load(start, start + 3 * max(resolution.microseconds, 1_000_000))
    found, count = with_bars_before(run, 30, load, start, resolution)
    assert count == 30
    assert found.timestamp[29] < start <= found.timestamp[30]
    assert (np.diff(found.timestamp) > 0).all()
