"""Above means above by more than rounding."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import above, sma

NUMBERS = st.floats(allow_nan=True, allow_infinity=False)


def test_a_clear_difference_counts_and_a_rounding_one_does_not() -> None:
    upper = np.array([100.0, 100.0 + 1e-8, 100.0 + 1e-6, 99.0])
    assert above(upper, np.full(4, 100.0)).tolist() == [False, False, True, False]


def test_either_side_may_be_a_number() -> None:
    rsi = np.array([np.nan, 25.0, 30.0, 75.0])
    assert above(30.0, rsi).tolist() == [False, True, False, False]
    assert above(rsi, 70.0).tolist() == [False, False, False, True]


def test_nan_is_neither_above_nor_below() -> None:
    numbers, nothing = np.array([1.0, np.nan]), np.array([np.nan, np.nan])
    assert not above(numbers, nothing).any()
    assert not above(nothing, numbers).any()


def test_the_sign_of_the_values_does_not_matter() -> None:
    assert above(np.array([-1.0]), -2.0).tolist() == [True]
    assert above(np.array([-1.0]), -1.0 - 1e-10).tolist() == [False]


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1))
def test_never_above_in_both_directions(pairs: list[tuple[float, float]]) -> None:
    upper, lower = np.array(pairs).T
    assert not (above(upper, lower) & above(lower, upper)).any()


def test_means_that_tie_in_exact_arithmetic_tie() -> None:
    # three closes in cents whose means of 2 and of 4 are both 10.15
    closes = np.tile([10.1, 10.2], 50)
    assert not above(sma(closes, 2), sma(closes, 4)).any()
    assert not above(sma(closes, 4), sma(closes, 2)).any()
