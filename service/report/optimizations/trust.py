"""How much to trust the best trial, in words; the thresholds are those of docs/optimization.md."""

import math
from typing import Literal, NamedTuple, TypeAlias

from domain.optimizations.statistics.axes import axes
from domain.optimizations.statistics.diagnostics import Sharpe
from domain.optimizations.statistics.generalisation import Generalisation
from domain.optimizations.statistics.overfitting import Overfitting
from domain.optimizations.statistics.parameter_stability import Stability
from service.report import wording
from service.report.metric_groups import phrase_of, worded
from service.report.optimizations.content import SHOWN_METRICS, Content

Standing: TypeAlias = Literal["good", "doubtful", "bad"]

DEFLATED_GOOD, DEFLATED_BAD = 0.95, 0.5
STRICT_RATIO = 2.0
OVERFITTING_GOOD, OVERFITTING_BAD = 0.2, 0.5
KEPT_GOOD, KEPT_BAD = 0.7, 0.4
CORRELATION_GOOD, CORRELATION_BAD = 0.5, 0.0
ROUND_TRIPS_ENOUGH = 30

WORDS: dict[Standing, str] = {"good": "holds", "doubtful": "doubtful", "bad": "speaks against it"}
COUNTED: dict[Standing, tuple[str, str]] = {
    "good": ("holds", "hold"),
    "doubtful": ("is doubtful", "are doubtful"),
    "bad": ("speaks against it", "speak against it"),
}
VERDICTS: dict[Standing, str] = {
    "good": "Nothing found here speaks against the best trial.",
    "doubtful": "Trust the best trial with care.",
    "bad": "Do not trust the best trial as it stands.",
}


class Finding(NamedTuple):
    """One thing that was checked: how it stands, its figure, and what that means."""

    standing: Standing
    title: str
    figure: str
    meaning: str


class Verdict(NamedTuple):
    """The worst of all findings decides; ``standing`` is None where nothing could be checked."""

    standing: Standing | None
    sentence: str
    reasons: str
    findings: list[Finding]


def verdict(content: Content) -> Verdict:
    """Judge the best trial of a sweep by all that is known of it."""
    found = content.diagnostics
    findings: list[Finding] = []
    if found.sharpe is not None and found.sharpe.deflated is not None:
        periods = content.manifest.periods_per_year
        findings.append(_luck(found.sharpe, found.sharpe.deflated, periods))
    if found.overfitting is not None:
        findings.append(_overfitting(found.overfitting))
    if found.generalisation is not None:
        findings.append(_generalisation(content, found.generalisation))
    if found.stability is not None:
        findings.append(_surroundings(content, found.stability))
        findings += _edges(content)
    findings += _round_trips(content)
    if not findings:
        return Verdict(
            None,
            "There is too little to judge the best trial by.",
            "It takes more trials, days or round trips to tell skill from luck.",
            [],
        )
    standings = [finding.standing for finding in findings]
    worst: Standing = next(each for each in ("bad", "doubtful", "good") if each in standings)
    return Verdict(worst, VERDICTS[worst], _reasons(standings), findings)


def _reasons(standings: list[Standing]) -> str:
    counted = []
    for standing, (one, more) in COUNTED.items():
        if count := standings.count(standing):
            counted.append(f"{count} {one if count == 1 else more}")
    return f"Of {len(standings)} checks {', '.join(counted)}. What held in the past may yet fail."


def _standing(value: float, good: float, bad: float) -> Standing:
    if good > bad:
        return "good" if value >= good else "doubtful" if value >= bad else "bad"
    return "good" if value <= good else "doubtful" if value < bad else "bad"


def _luck(sharpe: Sharpe, deflated: float, periods_per_year: int) -> Finding:
    standing = _standing(deflated, DEFLATED_GOOD, DEFLATED_BAD)
    by_chance = math.sqrt(periods_per_year / max(sharpe.observations - 1, 1))
    strict = ""
    if standing == "bad" and sharpe.deviation > STRICT_RATIO * by_chance:
        # Bad parameters make trials differ by more than luck does, and raise the bar by that.
        standing = "doubtful"
        strict = (
            f" This is strict here: the trials' ratios differ by {wording.ratio(sharpe.deviation)},"
            f" where chance alone makes about {wording.ratio(by_chance)}."
        )
    return Finding(
        standing,
        "Better than luck: deflated Sharpe ratio",
        wording.share(deflated),
        "Over the days that it was chosen by, the best trial has a Sharpe ratio of"
        f" {wording.ratio(sharpe.sharpe_ratio)}. The best of"
        f" {sharpe.trials:,} trials that are worth nothing would have about"
        f" {wording.ratio(sharpe.expected_maximum)}. The probability that its true ratio is above"
        f" that is {wording.share(deflated)}; that it is above 0, had it been the only trial,"
        f" {wording.share(sharpe.probabilistic)}. 95 % are convincing.{strict}",
    )


def _overfitting(found: Overfitting) -> Finding:
    slope = (
        ""
        if found.degradation_slope is None
        else f" Each 1 more in sample came with {wording.ratio(found.degradation_slope)} out of"
        " sample."
    )
    return Finding(
        _standing(found.probability, OVERFITTING_GOOD, OVERFITTING_BAD),
        "Probability of backtest overfitting",
        wording.share(found.probability),
        f"The days were split into halves in {found.splits:,} ways. So often the trial with the"
        " best Sharpe ratio in one half was no better than the median trial in the other, and in"
        f" {wording.share(found.loss_probability)} of them it lost money there. Its mean ratio went"
        f" from {wording.ratio(found.in_sample_mean)} in sample to"
        f" {wording.ratio(found.out_of_sample_mean)} out of sample.{slope}",
    )


def _generalisation(content: Content, found: Generalisation) -> Finding:
    metric = content.request.objective_metric
    best = content.ranked[0]
    correlation = found.rank_correlation
    ranks = (
        "The trials' ranks in sample say nothing of those out of sample, since one of both is"
        " always the same."
        if correlation is None
        else f"Ranks in sample and out of sample have a correlation of {wording.ratio(correlation)}"
        " (1: the same order, 0: none)."
    )
    return Finding(
        _standing(correlation or 0.0, CORRELATION_GOOD, CORRELATION_BAD),
        "Holds out of sample",
        f"{found.best_rank:,} of {found.trials:,}",
        f"The best trial in sample is number {found.best_rank:,} of {found.trials:,} out of sample:"
        f" {phrase_of(metric)} {worded(metric, best.value)} became"
        f" {worded(metric, best.validation)}. {ranks}"
        f" {wording.share(found.gap_positive)} of all trials did worse out of sample.",
    )


def _surroundings(content: Content, found: Stability) -> Finding:
    around, metric = found.neighbourhood, content.request.objective_metric
    kept = around.advantage_kept
    return Finding(
        "doubtful" if kept is None else _standing(kept, KEPT_GOOD, KEPT_BAD),
        "On a plateau, not a peak",
        wording.share(kept),
        f"So much of the best trial's advantage over the worst tenth is kept by the"
        f" {around.trials} trials next to it: their mean {phrase_of(metric)} is"
        f" {worded(metric, around.objective_mean)}, their worst"
        f" {worded(metric, around.objective_worst)}. A lone peak is most often luck.",
    )


def _edges(content: Content) -> list[Finding]:
    best = content.ranked[0].params
    at_edge = [
        f"{axis.name} ({wording.parameter(best[axis.name])})"
        for axis in axes(content.request)
        if axis.ordered and axis.position(best) in (0.0, 1.0) and len(axis.choices()) != 1
    ]
    if not at_edge:
        return []
    return [
        Finding(
            "doubtful",
            "At the edge of the search",
            f"{len(at_edge)} of {len(best)}",
            f"The best trial has the outermost value of {', '.join(at_edge)}: what lies beyond was"
            " not tried, and may be better.",
        )
    ]


def _round_trips(content: Content) -> list[Finding]:
    if not content.ranked:
        return []
    count = content.ranked[0].metrics[SHOWN_METRICS.index("total_trades")] or 0
    if count >= ROUND_TRIPS_ENOUGH:
        return []
    return [
        Finding(
            "doubtful",
            "Few round trips",
            wording.count(count),
            f"The best trial closed {wording.count(count)} round trips. Below"
            f" {ROUND_TRIPS_ENOUGH} a few lucky ones can make the whole result.",
        )
    ]
