"""The charts of a sweep's trials: as they came, and how they did out of sample."""

from typing import Any

import numpy as np
import polars as pl

from domain.optimizations.ranking import better
from domain.optimizations.statistics.overfitting import Overfitting, Splits
from service.report import wording
from service.report.metric_groups import label_of
from service.report.optimizations.content import Content, Tried
from service.report.traces import COLOURS, GAIN, INK, LOSS, MUTED, Chart, escaped, line, points

POINTS_MAX = 3_000
SPLITS_SHOWN = 1_500
LOGIT_BINS = 40
HOVER_LINES_MAX = 14
BEST = "#d55e00"
BEST_MARK: Chart = {"size": 15, "symbol": "star", "opacity": 1.0}


def thinned(trials: list[Tried], kept: int = POINTS_MAX) -> list[Tried]:
    """About so many of the trials, evenly chosen."""
    return trials[:: -(-len(trials) // kept)] if trials else []


def objective(content: Content) -> Chart:
    """The objective of each trial, in the order in which they were asked for, and the best."""
    direction = content.request.direction
    numbers: list[int] = []
    best: list[float | None] = []
    for trial in content.trials:
        if better(trial.value, best[-1] if best else None, direction):
            numbers.append(trial.number)
            best.append(trial.value)
    if content.trials and best:
        numbers.append(content.trials[-1].number)
        best.append(best[-1])
    drawn = thinned([trial for trial in content.trials if trial.value is not None])
    failed = thinned([trial for trial in content.trials if trial.value is None])
    traces = [
        points(
            [trial.number for trial in drawn],
            [trial.value for trial in drawn],
            "trials",
            INK,
            size=5 if len(drawn) < 1_000 else 3,
            opacity=0.45,
            **hovering(drawn),
        ),
        points(numbers, best, "best so far", BEST, mode="lines", hoverinfo="skip")
        | {"line": {"color": BEST, "width": 2, "shape": "hv"}},
    ]
    if failed:
        marks = {"symbol": "x-thin-open", "yaxis": "y2", **hovering(failed)}
        numbers = [trial.number for trial in failed]
        traces.append(points(numbers, [0.0] * len(failed), "failed or undefined", LOSS, **marks))
    return {
        "data": traces,
        "layout": {
            "xaxis": {"type": "linear", "title": {"text": "trial"}, "rangemode": "tozero"},
            "yaxis": _metric_axis(content) | ({"domain": [0.08, 1]} if failed else {}),
            **({"yaxis2": {"domain": [0, 0.05], "visible": False}} if failed else {}),
            "hovermode": "closest",
        },
    }


def validation(content: Content) -> Chart:
    """Each trial in sample against the same out of sample; on the diagonal nothing is lost."""
    both = [trial for trial in content.ranked if trial.validation is not None]
    drawn = thinned(both)
    values = [value for trial in both for value in (trial.value, trial.validation)]
    known = [value for value in values if value is not None]
    ends = [min(known), max(known)]
    traces = [
        points(ends, ends, "no loss", MUTED, mode="lines", hoverinfo="skip")
        | {"line": {"color": MUTED, "width": 1.4, "dash": "dot"}},
        _scatter(drawn, "trials", INK, size=6, opacity=0.5),
        _scatter(both[:1], "the best in sample", BEST, **BEST_MARK),
    ]
    return {
        "data": traces,
        "layout": {
            "xaxis": _metric_axis(content, "in sample") | {"type": "linear", "zeroline": True},
            "yaxis": _metric_axis(content, "out of sample") | {"zeroline": True},
            "hovermode": "closest",
        },
    }


def cross_validation(splits: Splits, found: Overfitting, scale: float) -> Chart:
    """The best trial of one half of the days, in that half and in the other, for each split.

    ``scale`` annualises the Sharpe ratios.
    """
    every = -(-len(splits.best) // SPLITS_SHOWN)
    inside, outside = scale * splits.in_sample[::every], scale * splits.out_of_sample[::every]
    traces = [points(inside.tolist(), outside.tolist(), "splits", INK, size=4, opacity=0.3)]
    traces[0]["hovertemplate"] = "in sample %{x:.2f}<br>out of sample %{y:.2f}<extra></extra>"
    if found.degradation_slope is not None and found.degradation_intercept is not None:
        ends = [float(inside.min()), float(inside.max())]
        fitted = [found.degradation_intercept + found.degradation_slope * end for end in ends]
        traces.append(
            points(ends, fitted, "fitted line", BEST, mode="lines", hoverinfo="skip")
            | {"line": {"color": BEST, "width": 2}}
        )
    return {
        "data": traces,
        "layout": {
            "xaxis": {"type": "linear", "title": {"text": "Sharpe ratio in sample"}},
            "yaxis": {"title": {"text": "out of sample"}, "zeroline": True},
            "hovermode": "closest",
            "showlegend": False,
        },
    }


def logits(splits: Splits) -> Chart:
    """How often the best of one half ranked where among all trials in the other half."""
    found = splits.logits
    reach = max(float(np.abs(found).max()), 1e-3)
    counts, edges = np.histogram(found, bins=LOGIT_BINS, range=(-reach, reach))
    centres = (edges[:-1] + edges[1:]) / 2
    bars = {
        "type": "bar",
        "x": [float(f"{centre:.4g}") for centre in centres],
        "y": [100.0 * float(count) / len(found) for count in counts],
        "marker": {"color": [LOSS if centre <= 0 else GAIN for centre in centres]},
        "hovertemplate": "%{y:.1f} % of the splits<extra></extra>",
    }
    return {
        "data": [bars],
        "layout": {
            "xaxis": {"type": "linear", "title": {"text": "logit of the rank out of sample"}},
            "yaxis": {"title": {"text": "of all splits"}, "ticksuffix": " %"},
            "bargap": 0.06,
            "hovermode": "closest",
            "showlegend": False,
        },
    }


def walk_forward(content: Content) -> Chart:
    """The equity of the validation ranges, one after the other, a colour for each window."""
    equity = content.equity
    traces: list[Chart] = []
    last = None
    for place, (window,) in enumerate(equity.select("window").unique(maintain_order=True).rows()):
        part = equity.filter(pl.col("window") == window)
        joined = part if last is None else pl.concat([last, part])
        name = f"window {window + 1}"
        colour = (INK, COLOURS[4])[place % 2]
        traces.append(line(joined["timestamp"], joined["value"], name, colour, width=1.8))
        last = part.tail(1)
    return {
        "data": traces,
        "layout": {
            "yaxis": {"title": {"text": content.request.base_backtest.currency}},
            "showlegend": False,
        },
    }


def hovering(trials: list[Tried]) -> Chart:
    """What a trial's mark says when it is pointed at: its number, parameters and objective."""
    texts = []
    for trial in trials:
        params = (f"{name} {wording.parameter(value)}" for name, value in trial.params.items())
        lines = [f"trial {trial.number}", *(escaped(each) for each in params)]
        lines += [escaped(trial.error)] if trial.error else []
        texts.append("<br>".join(lines[:HOVER_LINES_MAX]))
    return {"text": texts, "hovertemplate": "%{text}<br>%{y:.4g}<extra></extra>"}


def _scatter(trials: list[Tried], name: str, colour: str, **marks: Any) -> Chart:
    inside = [trial.value or 0.0 for trial in trials]
    outside = [trial.validation for trial in trials]
    return points(inside, outside, name, colour, **marks, **hovering(trials))


def _metric_axis(content: Content, suffix: str = "") -> Chart:
    metric = content.request.objective_metric
    title = f"{label_of(metric)} {suffix}".strip()
    return {"title": {"text": title}}
