"""What was known a bar ago."""

import numpy as np

from domain.indicators import previous


def test_the_value_of_the_bar_before_and_of_some_bars_before() -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0])
    np.testing.assert_array_equal(previous(values), [np.nan, 1.0, 2.0, np.nan])
    np.testing.assert_array_equal(previous(values, 3), [np.nan, np.nan, np.nan, 1.0])
