"""The report of a sweep as one page."""

import math

from service.report.optimizations import charts
from service.report.optimizations.content import Content
from service.report.optimizations.head_and_foot import footer, header
from service.report.optimizations.heat_maps import Pair, heat_maps
from service.report.optimizations.parallel import parallel
from service.report.optimizations.sections import sections, trust
from service.report.optimizations.slices import slices
from service.report.optimizations.trust import verdict
from service.report.page import Page, self_contained
from service.report.traces import Chart


def page(content: Content) -> Page:
    """Write the report of a sweep that has ended."""
    pairs = heat_maps(content) if content.ranked else []
    drawn = _drawn(content, pairs)
    parts = [
        header(content),
        trust(verdict(content)),
        *sections(content, drawn, pairs),
        footer(content),
    ]
    return self_contained(content.request.name, parts, drawn)


def _drawn(content: Content, pairs: list[Pair]) -> dict[str, Chart]:
    if not content.ranked:
        return {}
    found = {"objective": charts.objective(content)}
    found |= {f"heat-{number}": pair.chart for number, pair in enumerate(pairs)}
    found["parallel"] = parallel(content)
    found |= {f"slice-{number}": each for number, each in enumerate(slices(content))}
    if any(trial.validation is not None for trial in content.ranked):
        found["validation"] = charts.validation(content)
    if len(content.equity):
        found["walk-forward"] = charts.walk_forward(content)
    overfitting = content.diagnostics.overfitting
    if content.splits is not None and overfitting is not None:
        scale = math.sqrt(content.manifest.periods_per_year)
        found["cross-validation"] = charts.cross_validation(content.splits, overfitting, scale)
        found["logits"] = charts.logits(content.splits)
    return found
