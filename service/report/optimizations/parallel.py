"""Parallel coordinates: each trial as a line across all parameters to its objective."""

from domain.optimizations.statistics.axes import Axis, axes
from service.report import wording
from service.report.metric_groups import label_of
from service.report.optimizations.charts import BEST, thinned
from service.report.optimizations.content import Content, Tried
from service.report.optimizations.parameters import AXES_MAX, by_influence, parted
from service.report.traces import INK, MUTED, Chart, escaped, seven_digits

LINES_MAX = 250


def parallel(content: Content) -> Chart:
    """Every trial that is drawn, the best tenth and the best standing out."""
    known = {axis.name for axis in by_influence(content)[:AXES_MAX]}
    shown = [axis for axis in axes(content.request) if axis.name in known]
    values = [trial.value or 0.0 for trial in content.ranked]
    low, high = min(values), max(values)

    def heights(trial: Tried) -> list[float]:
        places = [axis.position(trial.params) for axis in shown]
        return [*places, ((trial.value or 0.0) - low) / ((high - low) or 1.0)]

    top, others = parted(content)
    groups = [
        (thinned(others, LINES_MAX), "other trials", MUTED, 0.8, 0.45),
        (thinned(top, LINES_MAX), "the best tenth", INK, 1.2, 0.6),
        (content.ranked[:1], "the best", BEST, 3.0, 1.0),
    ]
    names = [axis.name for axis in shown] + [label_of(content.request.objective_metric)]
    scales = [_scale(axis) for axis in shown]
    scales.append([(0.0, wording.short(low)), (1.0, wording.short(high))])
    return {
        "data": [
            _lines([heights(trial) for trial in trials], name, colour, width, opacity)
            for trials, name, colour, width, opacity in groups
        ],
        "layout": _layout(names, scales),
    }


def _lines(
    trials: list[list[float]], name: str, colour: str, width: float, opacity: float
) -> Chart:
    x: list[int | None] = []
    y: list[float | None] = []
    for heights in trials:
        x += [*range(len(heights)), None]
        y += [*map(seven_digits, heights), None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": colour, "width": width},
        "opacity": opacity,
        "hoverinfo": "skip",
    }


def _layout(names: list[str], scales: list[list[tuple[float, str]]]) -> Chart:
    return {
        "xaxis": {
            "type": "linear",
            "tickvals": list(range(len(names))),
            "ticktext": [f"<b>{escaped(name)}</b>" for name in names],
            "range": [-0.25, len(names) - 0.6],
            "gridcolor": "#9aa5b1",
            "zeroline": False,
            "side": "top",
        },
        "yaxis": {"visible": False, "range": [-0.06, 1.06]},
        "annotations": [
            _label(place, height, text)
            for place, labels in enumerate(scales)
            for height, text in labels
        ],
        "legend": {"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top"},
        "hovermode": False,
    }


def _scale(axis: Axis) -> list[tuple[float, str]]:
    ends = [(place, wording.parameter(axis.value(place))) for place in (0.0, 1.0)]
    if axis.ordered:
        return ends
    if len(axis.choices()) > AXES_MAX:
        return ends
    return [(place, wording.parameter(value)) for place, value in axis.choices()]


def _label(place: int, height: float, text: str) -> Chart:
    return {
        "x": place,
        "y": height,
        "text": escaped(text),
        "showarrow": False,
        "xanchor": "left",
        "xshift": 4,
        "font": {"size": 11},
        "bgcolor": "rgba(255,255,255,0.8)",
    }
