"""Which parameters of a sweep are shown, and which of its trials stand out among them."""

from domain.optimizations.statistics.axes import Axis, axes
from domain.optimizations.statistics.stability import top_count
from service.report.optimizations.cells import Cells, cells
from service.report.optimizations.content import Content, Tried

AXES_MAX = 12


def by_influence(content: Content) -> list[Axis]:
    """Parameters of more than one value, those that decide the objective most first."""
    found = content.diagnostics.stability
    influence = {each.name: each.influence for each in found.parameters} if found else {}
    varied = [axis for axis in axes(content.request) if len(cells_of(content, axis).labels) > 1]
    return sorted(varied, key=lambda axis: -(influence.get(axis.name) or 0.0))


def cells_of(content: Content, axis: Axis) -> Cells:
    """The values that the ranked trials have of a parameter, side by side."""
    return cells(axis, [trial.params for trial in content.ranked])


def parted(content: Content) -> tuple[list[Tried], list[Tried]]:
    """The best tenth of the trials without the best, and the others."""
    count = top_count(len(content.ranked))
    return content.ranked[1:count], content.ranked[count:]
