"""The tables of a sweep's report."""

from service.report import wording
from service.report.markup import Html, element
from service.report.metric_groups import GROUPS, label_of, worded
from service.report.optimizations.content import SHOWN_METRICS, Content
from service.report.tables import table

TOP_SHOWN = 25
PARAMETERS_SHOWN = 12
BEST_GROUPS = ("Return", "Risk", "Round trips", "Trading")


def top_trials(content: Content) -> Html:
    """The best trials, each with its parameters, its objective and what else it did."""
    metric = content.request.objective_metric
    names = [parameter.name for parameter in content.request.search_space.parameters]
    shown = names[:PARAMETERS_SHOWN]
    validated = content.request.validation_mode != "none"
    others = [name for name in SHOWN_METRICS if name != metric or validated]
    heads = ["Rank", "Trial", *shown]
    heads += ["In sample", "Out of sample", "Gap"] if validated else [label_of(metric)]
    heads += [label_of(name) for name in others]
    rows = []
    for rank, trial in enumerate(content.ranked[:TOP_SHOWN], 1):
        known = dict(zip(SHOWN_METRICS, trial.metrics, strict=True))
        row = [f"{rank}", f"{trial.number}"]
        row += [wording.parameter(trial.params[name]) for name in shown]
        row += [worded(metric, trial.value)]
        row += [worded(metric, trial.validation), worded(metric, trial.gap)] if validated else []
        row += [worded(name, known[name]) for name in others]
        rows.append(row)
    return element("div", table(heads, rows, words=0), class_="dense")


def windows(content: Content) -> Html:
    """The windows of a walk-forward, and how the best of each did after it."""
    metric = content.request.objective_metric
    heads = ["Window", "Learnt from", "Judged by", "Best trial", "Parameters", "In sample",
             "Out of sample"]  # fmt: skip
    rows = [
        [
            f"{number}",
            f"{each.train_start} to {each.train_end}",
            f"{each.validation_start} to {each.validation_end}",
            f"{each.trial}",
            settings(each.params),
            worded(metric, each.in_sample),
            worded(metric, each.out_of_sample),
        ]
        for number, each in enumerate(content.windows, 1)
    ]
    return table(heads, rows, words=5)


def parameters(content: Content) -> Html:
    """Of each parameter, how much it decides and where the best trials have it."""
    found = content.diagnostics.stability
    heads = ["Parameter", "Best trial", "Best tenth", "Influence", "Dispersion of the best",
             "of all"]  # fmt: skip
    rows = [
        [
            each.name,
            wording.parameter(content.ranked[0].params[each.name]),
            wording.NONE
            if each.top_low is None
            else f"{wording.short(each.top_low)} to {wording.short(each.top_high or 0.0)}",
            wording.share(each.influence),
            wording.ratio(each.dispersion_top),
            wording.ratio(each.dispersion_tried),
        ]
        for each in (found.parameters if found else [])
    ]
    return table(heads, rows, words=3)


def best_metrics(content: Content) -> Html:
    """All metrics of the best trial: of the whole range and, where there are, of its parts."""
    best = content.best
    parts = {"Whole range": best.full} if best else {}
    if best and best.validation is not None:
        parts = {"In sample": best.train, "Out": best.validation, "Whole": best.full}
    groups = []
    for title, group in GROUPS.items():
        rows = [
            [label, *(words((metrics or {}).get(name)) for metrics in parts.values())]
            for name, (label, words) in group.items()
            if any(name in (metrics or {}) for metrics in parts.values())
        ]
        if rows:
            groups.append(element("div", table([title, *parts], rows)))
    return element("div", *groups, class_="columns" if len(parts) == 1 else "columns wide")


def settings(params: dict[str, object]) -> str:
    """Parameters with their values, in a row."""
    return ", ".join(f"{name} {wording.parameter(value)}" for name, value in params.items())
