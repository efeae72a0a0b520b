"""The head and the foot of a sweep's report."""

import msgspec

from service.report import wording
from service.report.markup import Html, element
from service.report.metric_groups import label_of, tiles, worded
from service.report.optimizations.content import Content
from service.report.sections import few, settings
from service.report.tables import facts

SAMPLERS = {
    "grid": "every point of the grid",
    "random": "points drawn at random",
    "bayesian": "points chosen by a Parzen estimator (TPE)",
    "cma_es": "points chosen by an evolution strategy (CMA-ES)",
}


def header(content: Content) -> Html:
    """What was searched, what the reader must be warned of, and the figures asked for first."""
    request, base = content.request, content.request.base_backtest
    period = f"{base.start_date[:10]} to {base.end_date[:10]}, {base.resolution.value} bars"
    names = few([parameter.name for parameter in request.search_space.parameters])
    lines = [line.message for line in content.logs if line.level == "warning"]
    if content.ended_by is not None:
        count = f"{len(content.trials):,} of {content.asked_for:,}"
        lines.insert(0, f"The sweep ended after {count} trials: {content.ended_by}")
    warnings = element("div", *(element("p", line) for line in lines), class_="warnings")
    return element(
        "header",
        element("h1", request.name),
        element("p", request.description) if request.description else Html(),
        element("p", f"{base.strategy.name}: {names} · {SAMPLERS[request.strategy]}"),
        element("p", f"{few(base.symbols)} · {period} · {_validation(content)}", class_="quiet"),
        warnings if lines else Html(),
        tiles(_figures(content)),
    )


def footer(content: Content) -> Html:
    """With what the sweep can be made again and checked."""
    request, manifest = content.request, content.manifest
    execution = msgspec.to_builtins(request.base_backtest.execution)
    chosen = {name: value for name, value in execution.items() if value not in (None, 0.0, False)}
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    data = [
        (each.symbol, f"{each.bars:,} bars, {each.source}, SHA-256 {each.sha256}")
        for each in manifest.data
    ]
    logs = (element("p", f"{line.level}: {line.message}", class_="log") for line in content.logs)
    return element(
        "footer",
        element("h2", "The sweep"),
        facts(
            [
                ("Optimization", content.optimization_id),
                ("Search", f"{SAMPLERS[request.strategy]}, seed {request.random_seed}"),
                ("Space", "; ".join(_space(content))),
                ("Constraints", "; ".join(request.constraints) or "none"),
                ("Objective", f"{request.direction} {request.objective_metric}"),
                ("Validation", _validation(content)),
                ("Execution", settings(chosen) or "no costs, no delay"),
                ("Made with", f"Backtape {manifest.engine}, Python {manifest.python}, {libraries}"),
                ("Digest", content.digest or "none: it was not completed"),
                *data,
            ]
        ),
        *logs,
    )


def _figures(content: Content) -> list[tuple[str, str]]:
    request, found = content.request, content.diagnostics
    best = content.ranked[0] if content.ranked else None
    metric, validated = request.objective_metric, request.validation_mode != "none"
    label = f"{label_of(metric)}, {'in sample' if validated else 'best'}"
    figures = [(label, worded(metric, best.value if best else None))]
    if validated:
        figures.append(("Out of sample", worded(metric, best.validation if best else None)))
    failed = f" ({content.failed:,} failed)" if content.failed else ""
    figures.append(("Trials", f"{len(content.trials):,}{failed}"))
    deflated = found.sharpe.deflated if found.sharpe else None
    overfitting = found.overfitting.probability if found.overfitting else None
    kept = found.stability.neighbourhood.advantage_kept if found.stability else None
    figures.append(("Deflated Sharpe", wording.share(deflated)))
    figures.append(("Overfitting probability", wording.share(overfitting)))
    figures.append(("Kept by neighbours", wording.share(kept)))
    return figures


def _validation(content: Content) -> str:
    request = content.request
    if request.validation_mode == "holdout":
        return f"the last {wording.share(request.validation_fraction)} of the sessions held out"
    if request.validation_mode == "walk_forward":
        count = len(content.manifest.windows)
        return f"walk-forward over {count} {request.walk_forward_kind} windows"
    return "no validation: chosen and judged on the same sessions"


def _space(content: Content) -> list[str]:
    shown = []
    for each in content.request.search_space.parameters:
        if each.values is not None:
            values = few([wording.parameter(value) for value in each.values])
            shown.append(f"{each.name} one of {values}")
        else:
            low, high = (wording.parameter(bound) for bound in each.bounds)
            step = f" by {wording.parameter(each.step)}" if each.step is not None else ""
            scale = ", logarithmic" if each.kind == "log_uniform" else ""
            shown.append(f"{each.name} {low} to {high}{step}{scale}")
    return shown
