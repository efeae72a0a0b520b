"""A parameter's values side by side, few enough to be looked at: for heat maps and slices."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from domain.optimizations.search_space import Params
from domain.optimizations.statistics.axes import Axis
from service.report import wording
from service.report.traces import Chart, escaped

CELLS_MAX = 40
BINS = 20
TICKS_MAX = 12
EVEN = 1e-9
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


class Cells(NamedTuple):
    """The cells of an axis, and in which of them each trial lies.

    ``labels``: one for each cell, from low to high; ``place``: of each trial its cell's number;
    ``spot``: where in it the trial lies, as that number and a part; ``marks``: what to write at
    which spots of the axis; ``ordered``: see ``Axis``.
    """

    name: str
    labels: list[str]
    place: list[int]
    spot: list[float]
    marks: list[tuple[float, str]]
    ordered: bool

    def ticks(self) -> Chart:
        """The axis in the form that plotly.js takes it, with cells at 0, 1, 2 …."""
        return {
            "type": "linear",
            "title": {"text": escaped(self.name)},
            "tickvals": [spot for spot, _ in self.marks],
            "ticktext": [escaped(text) for _, text in self.marks],
            "range": [-0.5, len(self.labels) - 0.5],
            "showgrid": False,
            "zeroline": False,
        }


def cells(axis: Axis, trials: Sequence[Params]) -> Cells:
    """Each value in a cell of its own, or twenty cells of equal width where that is too many.

    Cells lie at equal distances, in the logarithm where that is how the parameter is searched: of
    values with gaps between them, as a sampler leaves them, each step of the range has its cell.
    """
    found = {_key(params[axis.name]): params[axis.name] for params in trials}
    values = sorted(found.values(), key=lambda value: axis.position({axis.name: value}))
    if axis.ordered and not _even([axis.position({axis.name: value}) for value in values]):
        values = axis.every_value(CELLS_MAX) or []
    numbers = {_key(value): number for number, value in enumerate(values)}
    if not found.keys() <= numbers.keys() or (axis.ordered and len(values) > CELLS_MAX):
        return _of_equal_width(axis, [axis.position(params) for params in trials])
    labels = [wording.parameter(value) for value in values]
    place = [numbers[_key(params[axis.name])] for params in trials]
    every = -(-len(labels) // TICKS_MAX)
    named = [(float(cell), labels[cell]) for cell in range(0, len(labels), every)]
    spot = [float(cell) for cell in place] if axis.ordered else _apart(place)
    return Cells(axis.name, labels, place, spot, named, axis.ordered)


def _of_equal_width(axis: Axis, positions: Sequence[float]) -> Cells:
    labels = [wording.short(axis.value((cell + 0.5) / BINS)) for cell in range(BINS)]
    place = [min(int(position * BINS), BINS - 1) for position in positions]
    spot = [position * BINS - 0.5 for position in positions]
    quarters = [(part * BINS - 0.5, wording.short(axis.value(part))) for part in QUARTERS]
    return Cells(axis.name, labels, place, spot, quarters, ordered=True)


def _even(positions: Sequence[float]) -> bool:
    gaps = [later - earlier for earlier, later in pairwise(positions)]
    return not gaps or max(gaps) - min(gaps) < EVEN


def _apart(place: Sequence[int]) -> list[float]:
    # Spread over half of the cell by the golden ratio, or else they would hide each other.
    return [cell + 0.5 * ((at * 0.618034) % 1.0 - 0.5) for at, cell in enumerate(place)]


def _key(value: Any) -> bytes:
    return msgspec.json.encode(value)
