"""What stands on a sweep's report between its head and its foot."""

import msgspec

from domain.optimizations.applying import placed
from domain.optimizations.statistics.stability import TRIALS_MIN
from service.report import wording
from service.report.layout import chart, note, section
from service.report.markup import Html, element
from service.report.metric_groups import label_of, phrase_of, worded
from service.report.optimizations import tables
from service.report.optimizations.content import Content
from service.report.optimizations.heat_maps import Pair
from service.report.optimizations.trust import WORDS, Finding, Verdict
from service.report.tables import facts
from service.report.traces import Chart


def trust(found: Verdict) -> Html:
    """How much to trust the best trial: the verdict, and each finding that it rests on."""
    return section(
        "How much to trust the best trial",
        element(
            "div",
            element("strong", found.sentence),
            element("p", found.reasons),
            class_=f"verdict {found.standing or ''}".strip(),
        ),
        element("div", *map(_finding, found.findings), class_="findings"),
    )


def sections(content: Content, drawn: dict[str, Chart], pairs: list[Pair]) -> list[Html]:
    """A section for everything that the sweep has something to show of."""
    if not content.ranked:
        return [section("Trials", element("p", "No trial has an objective to be ranked by."))]
    metric = label_of(content.request.objective_metric)
    shown = [
        _best(content),
        section(
            f"{metric}, trial by trial",
            note("In the order in which the trials were asked for, with the best so far."),
            chart("objective"),
        ),
    ]
    if pairs:
        shown.append(_heat_map(content, pairs))
    shown.append(_parameters(content, drawn))
    if "validation" in drawn:
        shown.append(_validated(content))
    if "walk-forward" in drawn:
        shown.append(_walk_forward(content))
    if "cross-validation" in drawn:
        shown.append(_cross_validated(content))
    shown.append(_top_trials(content))
    return shown


def _finding(found: Finding) -> Html:
    return element(
        "div",
        element("span", WORDS[found.standing], class_="standing"),
        element("h3", found.title),
        element("strong", found.figure),
        element("p", found.meaning),
        class_=f"finding {found.standing}",
    )


def _best(content: Content) -> Html:
    best = content.ranked[0]
    replay = placed(content.request.base_backtest, best.params)
    written = msgspec.json.format(msgspec.json.encode(replay), indent=2).decode()
    return section(
        f"The best trial, number {best.number:,}",
        facts([(name, wording.parameter(value)) for name, value in best.params.items()]),
        note("In and out of sample: means over the windows.")
        if content.request.validation_mode == "walk_forward"
        else Html(),
        tables.best_metrics(content),
        element(
            "details",
            element("summary", "The request that runs it as a backtest of its own"),
            element("pre", written),
        ),
    )


def _heat_map(content: Content, pairs: list[Pair]) -> Html:
    options = (
        element("option", pair.names, value=f"heat-{number}") for number, pair in enumerate(pairs)
    )
    choice = element("label", "Parameters ", element("select", *options, data_of="heat-0"))
    others = len(content.request.search_space.parameters) > 2
    metric = label_of(content.request.objective_metric)
    over = ", over all values of the other parameters" if others else ""
    return section(
        f"{metric} over {pairs[0].names}" if len(pairs) == 1 else f"{metric} over two parameters",
        note(f"The mean of the trials in each cell{over}; dark is good, the star is the best."),
        choice if len(pairs) > 1 else Html(),
        chart("heat-0", "tall"),
    )


def _parameters(content: Content, drawn: dict[str, Chart]) -> Html:
    each = [chart(name, "small") for name in drawn if name.startswith("slice-")]
    found = content.diagnostics.stability
    too_few = f"Fewer than {TRIALS_MIN} trials say nothing of how stable a parameter is."
    return section(
        "Parameters",
        note(
            "Each line is a trial, from parameter to parameter to its objective. Where the best"
            " tenth run close together, that parameter matters; where they fan out it does not."
        ),
        element("div", chart("parallel", "many" if len(each) > 2 else ""), class_="scroll"),
        tables.parameters(content) if found else note(too_few),
        note(
            "Influence: the share of the objective's variance that the parameter explains by"
            " itself. Dispersion: standard deviation in units of the search range (0.29 is anywhere"
            " alike), or the share that differs from the most frequent choice."
        )
        if found
        else Html(),
        element("h3", "Each parameter by itself"),
        note("The line is the mean, the dark points are the best tenth, the star is the best."),
        element("div", *each, class_="slices"),
    )


def _top_trials(content: Content) -> Html:
    count = min(len(content.ranked), tables.TOP_SHOWN)
    metric = phrase_of(content.request.objective_metric)
    what = f"In and out of sample: {metric}. Everything else is of the whole range."
    return section(
        f"The best {count:,} trials",
        note(what) if content.request.validation_mode != "none" else Html(),
        tables.top_trials(content),
    )


def _validated(content: Content) -> Html:
    found = content.diagnostics.generalisation
    gap = worded(content.request.objective_metric, found.gap_median if found else None)
    return section(
        "In sample against out of sample",
        note(
            "Below the dotted line a trial did worse where it was not chosen."
            if content.request.direction == "maximize"
            else "Above the dotted line a trial did worse where it was not chosen."
        ),
        chart("validation"),
        note(f"Median gap, in sample to out of sample: {gap}.") if found else Html(),
    )


def _walk_forward(content: Content) -> Html:
    equity = content.equity["value"]
    capital = content.request.base_backtest.initial_capital
    total = 100.0 * (equity[-1] / capital - 1.0)
    return section(
        "Walk-forward equity",
        note(
            "Each window trades the trial that was best in the sessions before it: nothing here"
            f" was known when it was chosen. Total return {wording.percent(total)}."
        ),
        chart("walk-forward"),
        tables.windows(content),
    )


def _cross_validated(content: Content) -> Html:
    found = content.diagnostics.overfitting
    count = f"{found.splits:,}" if found else ""
    return section(
        "Cross-validation of the choice",
        note(
            f"The days are cut into sixteen blocks and split into halves in all {count} ways. Left:"
            " the trial with the best Sharpe ratio of one half, in that half and in the other."
            " Right: its rank in the other half; red is the lower half of all trials."
        ),
        element(
            "div", chart("cross-validation", "small"), chart("logits", "small"), class_="slices"
        ),
    )
