"""From the metrics of a trial's ranges to what it is ranked by."""

from collections.abc import Sequence
from math import fsum

from domain.engine.metrics import Metrics
from domain.optimizations.outcome import Outcome, WindowScore
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params


def outcome(
    request: OptimizationRequest,
    number: int,
    params: Params,
    full: Metrics,
    parts: Sequence[tuple[Metrics, Metrics]],
    moments: bytes,
) -> Outcome:
    """Put a trial's outcome together; ``parts``: (train, validation) of each window."""
    wanted = request.objective_metric
    if not parts:
        value = full.get(wanted)
        return Outcome(number, params, value, full=full, moments=moments)
    train, validation = (_means(each) for each in zip(*parts, strict=True))
    value, unseen = train.get(wanted), validation.get(wanted)
    gap = None
    if value is not None and unseen is not None:
        gap = value - unseen if request.direction == "maximize" else unseen - value
    windows: list[WindowScore] = []
    if request.validation_mode == "walk_forward":
        windows = [WindowScore(seen.get(wanted), held.get(wanted)) for seen, held in parts]
    return Outcome(
        number, params, value, full, train, validation, gap=gap, windows=windows, moments=moments
    )


def _means(windows: Sequence[Metrics]) -> Metrics:
    if len(windows) == 1:
        return windows[0]
    return {name: _mean([window[name] for window in windows]) for name in windows[0]}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    # A mean over some of the windows would reward those that define nothing in the others.
    return fsum(known) / len(known) if len(known) == len(values) else None
