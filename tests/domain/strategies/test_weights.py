"""From conditions to target weights."""

import numpy as np
import pytest

from domain.indicators import InvalidColumn
from domain.strategies.weights import from_to, while_above

HOLD = np.nan


def test_while_above_is_the_weight_else_0_and_nothing_while_a_side_is_missing() -> None:
    upper = np.array([np.nan, 1.0, 2.0, 2.0, 2.0 + 1e-10, 3.0])
    lower = np.array([1.0, np.nan, 1.0, 3.0, 2.0, -3.0])
    np.testing.assert_array_equal(while_above(upper, lower, 0.5), [HOLD, HOLD, 0.5, 0, 0, 0.5])


def test_from_to_holds_between_and_leaves_where_both_are_so() -> None:
    enter, leave = np.array([0, 1, 0, 1, 0], bool), np.array([0, 0, 0, 1, 1], bool)
    np.testing.assert_array_equal(from_to(enter, leave, 1.0), [HOLD, 1, HOLD, 0, 0])


def test_conditions_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidColumn, match="of one length"):
        while_above(np.ones(3), np.ones(2), 1.0)
    with pytest.raises(InvalidColumn, match="of one length"):
        from_to(np.ones(3, bool), np.ones(2, bool), 1.0)
