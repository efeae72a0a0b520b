"""In sample against out of sample, over all trials."""

import numpy as np
import pytest

from domain.optimizations.statistics.generalisation import generalisation, rank_correlation


def array(*values: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array(values, dtype=np.float64)


def test_the_rank_correlation_of_a_textbook() -> None:
    # Intelligence and hours of television a week of ten people: rank correlation -29 / 165.
    quotient = array(86, 97, 99, 100, 101, 103, 106, 110, 112, 113)
    hours = array(2, 20, 28, 27, 50, 29, 7, 17, 6, 12)
    assert rank_correlation(quotient, hours) == pytest.approx(-29 / 165)


def test_equals_share_their_mean_rank() -> None:
    # Ranks 1.5, 1.5, 3, 4 against 1, 2, 3.5, 3.5.
    expected = np.corrcoef([1.5, 1.5, 3, 4], [1, 2, 3.5, 3.5])[0, 1]
    assert rank_correlation(array(5, 5, 7, 9), array(0, 1, 2, 2)) == pytest.approx(expected)


def test_what_does_not_vary_has_no_correlation() -> None:
    assert rank_correlation(array(1, 1, 1), array(1, 2, 3)) is None


def test_the_best_in_sample_and_its_place_out_of_sample() -> None:
    found = generalisation(array(1.0, 3.0, 2.0, 3.0), array(0.5, 0.25, 2.5, 9.0))
    assert found is not None
    assert found.trials == 4
    assert found.best_gap == 2.75  # the first of equals
    assert found.best_rank == 4
    assert found.gap_median == 0.0
    assert found.gap_positive == 0.5


def test_two_trials_say_nothing() -> None:
    assert generalisation(array(1, 2), array(1, 2)) is None
