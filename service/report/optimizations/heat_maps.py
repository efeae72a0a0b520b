"""Heat maps: the objective over two parameters at a time."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from domain.optimizations.statistics.axes import Axis
from service.report.optimizations.charts import BEST, BEST_MARK
from service.report.optimizations.content import Content
from service.report.optimizations.parameters import by_influence, cells_of
from service.report.traces import Chart, escaped, points, seven_digits

PAIRED_MAX = 4
# Dark is good, in print and to colour-blind readers too.
SCALE = [[0.0, "#f6f3e8"], [0.3, "#c3dccb"], [0.55, "#7db7b9"], [0.8, "#3b78a5"], [1.0, "#1d3557"]]


class Pair(NamedTuple):
    """Two parameters, and the heat map of the objective over both."""

    names: str
    chart: Chart


def heat_maps(content: Content) -> list[Pair]:
    """One for each two of the parameters of largest influence, the most telling first."""
    found = by_influence(content)[:PAIRED_MAX]
    pairs = sorted(combinations(range(len(found)), 2), key=sum)
    return [
        Pair(f"{found[x].name} and {found[y].name}", _heat_map(content, found[x], found[y]))
        for x, y in pairs
    ]


def _heat_map(content: Content, across: Axis, along: Axis) -> Chart:
    x, y = cells_of(content, across), cells_of(content, along)
    shape = (len(y.labels), len(x.labels))
    values = np.array([trial.value for trial in content.ranked])
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (y.place, x.place), values)
    np.add.at(counts, (y.place, x.place), 1.0)
    means = np.divide(sums, counts, out=np.full(shape, np.nan), where=counts > 0)
    texts = [
        [
            f"{escaped(across.name)} {escaped(x.labels[column])}<br>"
            f"{escaped(along.name)} {escaped(y.labels[row])}<br>{int(counts[row, column])} trials"
            for column in range(shape[1])
        ]
        for row in range(shape[0])
    ]
    colours = {
        "type": "heatmap",
        "z": [[None if np.isnan(mean) else seven_digits(mean) for mean in row] for row in means],
        "text": texts,
        "hovertemplate": "%{text}<br>mean %{z:.4g}<extra></extra>",
        "colorscale": SCALE,
        "reversescale": content.request.direction == "minimize",
        "xgap": 1,
        "ygap": 1,
        "hoverongaps": False,
        "colorbar": {"thickness": 12, "outlinewidth": 0, "title": {"text": ""}},
    }
    best = points([x.place[0]], [y.place[0]], "best", "#ffffff", **BEST_MARK, hoverinfo="skip")
    best["marker"]["line"] = {"color": BEST, "width": 2}
    return {
        "data": [colours, best],
        "layout": {
            "xaxis": x.ticks(),
            "yaxis": y.ticks(),
            "hovermode": "closest",
            "showlegend": False,
        },
    }
