"""What evaluating one trial gives."""

from typing import NamedTuple

import msgspec

from domain.engine.metrics import Metrics
from domain.optimizations.search_space import Params


class WindowScore(NamedTuple):
    """The objective metric of one walk-forward window; None where it is undefined."""

    in_sample: float | None
    out_of_sample: float | None


class Outcome(msgspec.Struct, frozen=True):
    """One trial's end: ``error`` says why it failed; else ``full`` is there.

    ``value``: the objective metric that the trial is ranked by, None where it is undefined: of
    ``full`` without validation, else of ``train``. ``full``, ``train``, ``validation``: every
    metric, of the whole range and of both parts; with walk-forward ``train`` and ``validation``
    are the means over the windows of what each window has (None where one of them has none), and
    ``windows`` holds each window's objective metric. ``gap``: how much worse the objective metric
    is in validation than in training, below 0 where it is better. ``moments``: float64[16, 5],
    little-endian, of the daily returns that ``value`` was made of (``statistics.blocks``).
    """

    number: int
    params: Params
    value: float | None = None
    full: Metrics | None = None
    train: Metrics | None = None
    validation: Metrics | None = None
    gap: float | None = None
    windows: list[WindowScore] = []
    moments: bytes | None = None
    error: str | None = None
