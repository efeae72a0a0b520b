"""True range and its average."""

import numpy as np

from domain.indicators import atr, true_range

HIGH = np.array([11.0, 12.0, 20.0, 9.0, 10.0])
LOW = np.array([9.0, 10.0, 18.0, 8.0, 9.0])
CLOSE = np.array([10.0, 11.0, 19.0, 8.0, 10.0])


def test_gaps_up_and_down_stretch_the_range_to_the_close_before() -> None:
    # inside the close before: 12 - 10; gap up: 20 - 11; gap down: 19 - 8; 10 - 8
    np.testing.assert_array_equal(true_range(HIGH, LOW, CLOSE), [np.nan, 2.0, 9.0, 11.0, 2.0])


def test_the_average_is_seeded_by_a_mean_and_then_smoothed() -> None:
    # (2 + 9) / 2, then half-way to each: alpha = 1 / 2
    np.testing.assert_array_equal(atr(HIGH, LOW, CLOSE, 2), [np.nan, np.nan, 5.5, 8.25, 5.125])


def test_a_high_that_is_nan_makes_its_range_nan_and_the_warm_up_start_anew() -> None:
    high = np.where(np.arange(5) == 2, np.nan, HIGH)
    np.testing.assert_array_equal(true_range(high, LOW, CLOSE), [np.nan, 2.0, np.nan, 11.0, 2.0])
    np.testing.assert_array_equal(atr(high, LOW, CLOSE, 2)[2:], [np.nan, np.nan, 6.5])


def test_a_low_that_is_nan_does_the_same() -> None:
    low = np.where(np.arange(5) == 2, np.nan, LOW)
    np.testing.assert_array_equal(true_range(HIGH, low, CLOSE), [np.nan, 2.0, np.nan, 11.0, 2.0])


def test_a_close_that_is_nan_makes_the_range_of_the_next_bar_nan() -> None:
    close = np.where(np.arange(5) == 2, np.nan, CLOSE)
    np.testing.assert_array_equal(true_range(HIGH, LOW, close), [np.nan, 2.0, 9.0, np.nan, 2.0])
    np.testing.assert_array_equal(atr(HIGH, LOW, close, 2)[2:], [5.5, np.nan, np.nan])


def test_prices_that_stand_still_have_no_range() -> None:
    still = np.full(6, 0.1 + 0.2)
    assert (atr(still, still, still, 3)[3:] == 0.0).all()
