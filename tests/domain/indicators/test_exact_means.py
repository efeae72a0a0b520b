"""The quick way to a mean gives the bits of the slow one, and nobody can tell which was taken."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import sma
from domain.indicators.exact_means import NONE, splitter
from domain.indicators.moving_average import _add_up
from domain.market.bars import Floats, read_only

PRICES = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=200)
WIDE = st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=60)


def slowly(values: Floats, period: int) -> Floats:
    means = np.empty(len(values))
    _add_up(read_only(values), np.empty((2, period)), np.zeros((2, 2, period + 1)), means)
    means[: period - 1] = np.nan
    return means


def same_bits(one: Floats, other: Floats) -> bool:
    known = ~np.isnan(one)
    return bool(
        np.array_equal(known, ~np.isnan(other)) and one[known].tobytes() == other[known].tobytes()
    )


@given(PRICES, st.integers(1, 40))
def test_means_of_prices_are_exact_sums_rounded_once(prices: list[float], period: int) -> None:
    values = np.array(prices)
    assert splitter(values, period) != NONE
    for t, mean in enumerate(sma(values, period)[period - 1 :]):
        window = map(Fraction, prices[t : t + period])
        assert mean == float(sum(window)) / period


@given(PRICES | WIDE, st.integers(1, 40))
def test_both_ways_give_the_same_bits(prices: list[float], period: int) -> None:
    values = np.array(prices)
    if period <= len(values):
        assert same_bits(sma(values, period), slowly(values, period))


def test_both_ways_give_the_same_bits_over_many_bars_at_once() -> None:
    values = 100.0 * np.exp(np.cumsum(np.random.default_rng(4).normal(0.0, 0.001, 5_000)))
    for period in (1, 2, 1_023, 1_024, 1_025, 5_000):
        assert splitter(values, period) != NONE
        assert same_bits(sma(values, period), slowly(values, period))


@given(PRICES, st.sampled_from([1e-300, 1e300, 0.0, -1.0, np.nan, np.inf]), st.integers(1, 40))
def test_what_comes_later_does_not_change_a_mean(
    prices: list[float], later: float, period: int
) -> None:
    with np.errstate(invalid="ignore"):
        whole = sma(np.array([*prices, later]), period)
    assert same_bits(whole[:-1], sma(np.array(prices), period))


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 0.0],
        [1.0, -1.0],
        [1.0, -0.0],
        [1.0, np.nan],
        [1.0, np.inf],
        [1.0, 1e-16],
        [1e308, 1e308],
    ],
)
def test_values_whose_sums_may_be_rounded_go_the_slow_way(values: list[float]) -> None:
    assert splitter(np.array(values), 2) == NONE
