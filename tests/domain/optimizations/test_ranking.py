"""The order of trials."""

import pytest

from domain.optimizations.ranking import better, rank_key
from domain.optimizations.request import Direction

TRIALS = [(1.0, False), (None, True), (3.0, False), (None, False), (3.0, False), (None, True)]


@pytest.mark.parametrize(
    ("direction", "order"), [("maximize", [2, 4, 0, 3, 1, 5]), ("minimize", [0, 2, 4, 3, 1, 5])]
)
def test_by_objective_then_the_undefined_then_the_failed_and_ties_by_number(
    direction: Direction, order: list[int]
) -> None:
    keys = [
        rank_key(value, number, direction, failed=failed)
        for number, (value, failed) in enumerate(TRIALS)
    ]
    assert [key[-1] for key in sorted(keys)] == order


@pytest.mark.parametrize(
    ("value", "than", "direction", "expected"),
    [
        (2.0, 1.0, "maximize", True),
        (2.0, 1.0, "minimize", False),
        (1.0, 2.0, "minimize", True),
        (1.0, 1.0, "maximize", False),
        (None, None, "maximize", False),
        (None, 1.0, "maximize", False),
        (-1.0, None, "maximize", True),
    ],
)
def test_what_beats_the_best_so_far(
    value: float | None, than: float | None, direction: Direction, expected: bool
) -> None:
    assert better(value, than, direction) is expected
