"""Plateaus and peaks: where the best trials lie in the search space."""

import numpy as np
import pytest

from domain.market.bars import Floats
from domain.optimizations.statistics.stability import (
    influence,
    neighbours,
    spreads,
    top_count,
)

ORDERED = [True, True]


def lattice(side: int = 11) -> Floats:
    """Every point of a grid over the unit square, float64[side², 2]."""
    steps = np.linspace(0.0, 1.0, side)
    return np.array([[x, y] for x in steps for y in steps])


def hill(positions: Floats, width: float) -> Floats:
    """A peak at (0.5, 0.5): 1 there, 0 far from it."""
    height: Floats = np.exp(-((positions - 0.5) ** 2).sum(axis=1) / width**2)
    return height


@pytest.mark.parametrize(("trials", "top"), [(10, 5), (50, 5), (51, 6), (121, 13)])
def test_the_best_tenth_is_never_fewer_than_five(trials: int, top: int) -> None:
    assert top_count(trials) == top


def test_the_neighbours_of_a_plateau_keep_its_advantage_and_those_of_a_peak_do_not() -> None:
    positions = lattice()
    wide = neighbours(positions, ORDERED, hill(positions, 0.5))
    lone = neighbours(positions, ORDERED, hill(positions, 0.02))
    assert wide.trials == lone.trials == 8
    assert wide.reach == pytest.approx(0.1 * np.sqrt(2.0))
    assert wide.advantage_kept is not None
    assert wide.advantage_kept > 0.85
    assert lone.advantage_kept == pytest.approx(0.0, abs=1e-9)
    assert wide.worst == pytest.approx(np.exp(-0.02 / 0.25))


def test_a_flat_objective_has_no_advantage_to_keep() -> None:
    positions = lattice(4)
    assert neighbours(positions, ORDERED, np.ones(16)).advantage_kept is None


def test_another_choice_is_a_whole_range_away() -> None:
    positions = np.array([[0.0, step / 10] for step in range(11)] + [[1.0, 0.5]])
    positions[-1, 0] = 0.01  # the second of a hundred names
    values = np.arange(12.0)[::-1].copy()
    found = neighbours(positions, [False, True], values)
    assert found.trials == 8
    assert found.reach == pytest.approx(0.8)


def test_the_best_tenth_of_a_hill_lies_close_together() -> None:
    positions = lattice()
    across, along = spreads(positions, ORDERED, -np.abs(positions[:, 0] - 0.5))
    assert across.tried == along.tried == pytest.approx(positions[:, 0].std(ddof=1))
    assert across.top < 0.06
    assert along.top == pytest.approx(along.tried, rel=0.15)
    assert across.influence is not None
    assert across.influence > 0.9
    assert along.influence == 0.0


def test_choices_disperse_by_the_share_that_differs() -> None:
    positions = np.array([[0.0], [0.5], [1.0], [0.0], [0.0], *[[1.0]] * 5])
    values = np.arange(10.0)[::-1].copy()
    (found,) = spreads(positions, [False], values)
    assert found.top == pytest.approx(0.4)  # three of the best five are alike
    assert found.tried == pytest.approx(0.4)  # six of ten


def test_influence_is_the_unbiased_correlation_ratio() -> None:
    # Three groups: η² = 1 - 6 / 60, and ε² = 1 - (1 - η²) (9 - 1) / (9 - 3).
    column = np.array([0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0])
    values = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    three = influence(np.tile(column, 2), np.tile(values, 2))
    within, total = 2 * 6.0, 2 * 60.0
    assert three == pytest.approx(1 - (18 - 1) / (18 - 3) * within / total)


def test_what_does_not_vary_has_no_influence() -> None:
    varied = np.linspace(0.0, 1.0, 20)
    assert influence(np.zeros(20), varied) is None
    assert influence(varied, np.full(20, 0.3)) is None


def test_noise_has_no_influence_to_speak_of() -> None:
    random = np.random.default_rng(5)
    found = influence(random.uniform(size=1_000), random.normal(size=1_000))
    assert found is not None
    assert found < 0.02
