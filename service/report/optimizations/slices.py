"""Slices: the objective against one parameter at a time."""

import numpy as np

from domain.optimizations.statistics.axes import Axis
from service.report.metric_groups import label_of
from service.report.optimizations.cells import Cells
from service.report.optimizations.charts import BEST, BEST_MARK, thinned
from service.report.optimizations.content import Content, Tried
from service.report.optimizations.parameters import AXES_MAX, by_influence, cells_of, parted
from service.report.traces import INK, MUTED, Chart, points

POINTS_MAX = 1_000


def slices(content: Content) -> list[Chart]:
    """The objective against each parameter by itself, those of largest influence first."""
    return [_slice(content, axis) for axis in by_influence(content)[:AXES_MAX]]


def _slice(content: Content, axis: Axis) -> Chart:
    found = cells_of(content, axis)
    spots = {trial.number: spot for trial, spot in zip(content.ranked, found.spot, strict=True)}
    top, others = parted(content)
    traces = [_means(content, found)]
    for trials, name, colour, opacity in (
        (others, "other trials", MUTED, 0.5),
        (top, "the best tenth", INK, 0.7),
    ):
        drawn = thinned(trials, POINTS_MAX)
        x, y = [spots[trial.number] for trial in drawn], [trial.value for trial in drawn]
        traces.append(points(x, y, name, colour, size=4, opacity=opacity, **_numbered(drawn)))
    best, marks = content.ranked[:1], BEST_MARK | {"size": 12} | _numbered(content.ranked[:1])
    spot = found.spot[0] if found.ordered else found.place[0]
    traces.append(points([spot], [best[0].value], "best", BEST, **marks))
    title = {"text": label_of(content.request.objective_metric)}
    return {
        "data": traces,
        "layout": {
            "xaxis": found.ticks(),
            "yaxis": {"title": title},
            "hovermode": "closest",
            "showlegend": False,
        },
    }


def _means(content: Content, found: Cells) -> Chart:
    values = np.array([trial.value for trial in content.ranked])
    counts = np.bincount(found.place, minlength=len(found.labels))
    sums = np.bincount(found.place, weights=values, minlength=len(found.labels))
    x = [cell for cell in range(len(found.labels)) if counts[cell]]
    y = [float(sums[cell] / counts[cell]) for cell in x]
    if found.ordered:
        trace = points(x, y, "mean", BEST, mode="lines", hoverinfo="skip")
        return trace | {"line": {"color": BEST, "width": 1.6}}
    trace = points(x, y, "mean", BEST, symbol="line-ew-open", size=40, hoverinfo="skip")
    trace["marker"]["line"] = {"width": 2}
    return trace


def _numbered(trials: list[Tried]) -> Chart:
    numbers = [trial.number for trial in trials]
    return {"customdata": numbers, "hovertemplate": "trial %{customdata}: %{y:.4g}<extra></extra>"}
