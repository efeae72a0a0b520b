"""Which sessions a sweep learns from, and which it is judged by."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from domain.errors import InvalidRequest
from domain.market.moments import iso
from domain.market.resolution import MICROSECONDS_PER_DAY
from domain.optimizations.request import OptimizationRequest

SESSIONS_MIN = 2  # fewer have no deviation, and hardly a metric


class Window(NamedTuple):
    """Session days, as days since 1970-01-01: ``train`` and ``validation``, each [start, stop).

    ``train_stop`` ≤ ``validation_start``: what is learnt from is over before it is judged.
    """

    train_start: int
    train_stop: int
    validation_start: int
    validation_stop: int

    def dates(self) -> dict[str, str]:
        """The first and the last day of both parts, ISO 8601 dates."""
        return {
            "train_start": _date(self.train_start),
            "train_end": _date(self.train_stop - 1),
            "validation_start": _date(self.validation_start),
            "validation_end": _date(self.validation_stop - 1),
        }


def cut(request: OptimizationRequest, sessions: Sequence[int]) -> list[Window]:
    """Cut d session days, increasing, into the windows of a sweep; none without validation.

    Holdout: the last ``validation_fraction`` f of the sessions is validation, the others train.

    Walk-forward: W windows whose validation ranges follow each other without a gap up to the last
    session, V sessions long each; before each lie the T it is trained on, f = V / (T + V). So
    d = T + W V gives V = d / (W + (1 - f) / f), and the ranges are cut at the nearest session.
    Rolling windows train on the T sessions before their validation, anchored ones on all before it.

    Raises ``InvalidRequest`` where a range would have fewer than two sessions.
    """
    count, fraction = len(sessions), request.validation_fraction
    if request.validation_mode == "none":
        return []
    windows = request.walk_forward_windows if request.validation_mode == "walk_forward" else 1
    length = count / (windows + (1.0 - fraction) / fraction)
    edges = [round(count - left * length) for left in range(windows, -1, -1)]
    rolling = request.walk_forward_kind == "rolling"
    found = []
    for start, stop in pairwise(edges):
        first = start - edges[0] if rolling else 0
        if min(start - first, stop - start) < SESSIONS_MIN:
            raise InvalidRequest(
                "validation_fraction",
                f"{count} sessions are too few for {windows} windows of which {fraction:g} is "
                f"validation: each part needs {SESSIONS_MIN}; ask for a longer time, or for fewer",
            )
        edge = int(sessions[start])
        last = int(sessions[stop - 1]) + 1
        found.append(Window(int(sessions[first]), edge, edge, last))
    return found


def _date(day: int) -> str:
    return iso(day * MICROSECONDS_PER_DAY)[:10]
