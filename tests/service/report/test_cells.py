"""A parameter's values side by side, few enough to be looked at."""

import pytest

from domain.optimizations.parameters import Parameter
from domain.optimizations.statistics.axes import Axis
from service.report.optimizations.cells import cells
from tests.service.report.sweeps import normal


def test_few_values_have_a_cell_each_from_low_to_high() -> None:
    axis = Axis(normal(Parameter(name="p", kind="int_range", low=2, high=10, step=2)))
    found = cells(axis, [{"p": value} for value in (8, 2, 6, 2, 4)])
    assert found.labels == ["2", "4", "6", "8"]
    assert found.place == [3, 0, 2, 0, 1]
    assert found.spot == [3.0, 0.0, 2.0, 0.0, 1.0]


def test_values_with_gaps_between_them_leave_cells_empty() -> None:
    axis = Axis(normal(Parameter(name="p", kind="int_range", low=2, high=10, step=2)))
    found = cells(axis, [{"p": value} for value in (10, 2, 4)])
    assert found.labels == ["2", "4", "6", "8", "10"]
    assert found.place == [4, 0, 1]


def test_a_few_values_of_a_range_without_steps_are_no_cells_of_their_own() -> None:
    axis = Axis(normal(Parameter(name="p", kind="float_range", low=0.0, high=1.0)))
    assert len(cells(axis, [{"p": value} for value in (0.1, 0.2, 0.9)]).labels) == 20
    assert cells(axis, [{"p": value} for value in (0.0, 0.5, 1.0)]).labels == ["0", "0.5", "1"]


def test_many_values_share_twenty_cells_of_equal_width() -> None:
    axis = Axis(normal(Parameter(name="p", kind="log_uniform", low=0.01, high=100.0)))
    inside = [part + 0.5 for part in range(100)]
    found = cells(axis, [{"p": 0.01 * 10 ** (part / 25)} for part in inside])
    assert len(found.labels) == 20
    assert found.place == [part // 5 for part in range(100)]
    assert [text for _, text in found.marks] == ["0.01", "0.1", "1", "10", "100"]
    assert found.spot == pytest.approx([part / 5 - 0.5 for part in inside])


def test_names_have_a_cell_each_and_their_trials_do_not_hide_each_other() -> None:
    axis = Axis(Parameter(name="p", kind="choice", values=["b", "a"]))
    found = cells(axis, [{"p": "b"}, {"p": "a"}, {"p": "b"}, {"p": "b"}])
    assert found.labels == ["b", "a"]
    assert found.place == [0, 1, 0, 0]
    assert len(set(found.spot)) == 4
    assert all(
        abs(spot - place) <= 0.25 for spot, place in zip(found.spot, found.place, strict=True)
    )


def test_values_that_are_written_alike_are_told_apart() -> None:
    axis = Axis(Parameter(name="p", kind="choice", values=[1, "1", True]))
    found = cells(axis, [{"p": 1}, {"p": "1"}, {"p": True}])
    assert found.place == [0, 1, 2]
    assert found.labels == ["1", "1", "true"]


def test_an_axis_names_at_most_twelve_of_its_cells() -> None:
    axis = Axis(normal(Parameter(name="<p>", kind="int_range", low=1, high=40)))
    ticks = cells(axis, [{"<p>": value} for value in range(1, 41)]).ticks()
    assert len(ticks["tickvals"]) == len(ticks["ticktext"]) == 10
    assert ticks["range"] == [-0.5, 39.5]
    assert ticks["title"]["text"] == "&lt;p&gt;"
