"""Indicators are shared where they may be, and nobody can tell."""

from collections.abc import Callable

import numpy as np
import pytest

from domain.indicators import InvalidPeriod, ema, rolling_max, rolling_std, rsi, sma, wma, zscore
from domain.indicators.remembered import Memory, remembered, remembering
from domain.market.bars import Floats, read_only

SERIES = read_only(np.random.default_rng(1).uniform(1, 2, 50))
counted: list[int] = []


@remembered
def counting(values: Floats, period: int) -> Floats:
    counted.append(period)
    return values * period


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    counted.clear()


def test_without_a_memory_everything_is_computed() -> None:
    counting(SERIES, 3)
    counting(SERIES, 3)
    assert counted == [3, 3]


def test_with_one_the_same_is_computed_once_and_shared() -> None:
    with remembering(Memory([SERIES], lends=True)):
        first, again, other = counting(SERIES, 3), counting(SERIES, 3), counting(SERIES, 4)
    assert counted == [3, 4]
    assert first is again
    assert not first.flags.writeable
    np.testing.assert_array_equal(other, SERIES * 4)
    counting(SERIES, 3)
    assert counted == [3, 4, 3]


def test_who_may_write_gets_an_array_of_their_own() -> None:
    with remembering(Memory([SERIES], lends=False)):
        first = counting(SERIES, 3)
        first[:] = 0.0
        np.testing.assert_array_equal(counting(SERIES, 3), SERIES * 3)
    assert counted == [3]


def test_only_the_series_themselves_are_remembered() -> None:
    with remembering(Memory([SERIES], lends=True)):
        for _ in range(2):
            counting(SERIES[:10], 3)
            counting(SERIES.copy(), 3)
    assert counted == [3] * 4


def test_what_only_looks_like_a_known_period_is_refused_as_ever() -> None:
    with remembering(Memory([SERIES], lends=True)):
        sma(SERIES, 1)
        for wrong in (True, 1.0):
            with pytest.raises(InvalidPeriod):
                sma(SERIES, wrong)  # type: ignore[arg-type]  # just that


def test_the_least_recently_used_is_forgotten_first() -> None:
    with remembering(Memory([SERIES], lends=True, bytes_max=2 * SERIES.nbytes)):
        for period in (1, 2, 1, 3, 1, 2):
            counting(SERIES, period)
    assert counted == [1, 2, 3, 2]


def test_the_memory_is_over_with_its_block_even_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), remembering(Memory([SERIES], lends=True)):
        raise ZeroDivisionError
    counting(SERIES, 3)
    counting(SERIES, 3)
    assert counted == [3, 3]


@pytest.mark.parametrize("indicator", [sma, ema, wma, rsi, rolling_max, rolling_std, zscore])
def test_the_values_are_the_same_as_without(indicator: Callable[[Floats, int], Floats]) -> None:
    expected = indicator(SERIES, 5)
    with remembering(Memory([SERIES], lends=True)):
        for _ in range(2):
            np.testing.assert_array_equal(indicator(SERIES, 5), expected)
