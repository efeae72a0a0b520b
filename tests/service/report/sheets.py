"""Tear sheets of small runs, made without a service."""

from typing import Any

import msgspec
import numpy as np
import polars as pl

from domain.runs.events import Queued, Started
from service.report.content import Content, ContentFold
from service.report.page import Page, page
from tests.domain.engine.building import Outcome, bars, run


def wave(symbol: str, count: int = 400) -> Any:
    """Daily bars that rise and fall."""
    prices = (20 + 5 * np.sin(np.arange(count) / 15)).tolist()
    return bars(symbol, prices, prices)


def a_run(*symbols: str, **settings: Any) -> Outcome:
    """A crossover on waves, with a benchmark and costs."""
    return run(
        [wave(symbol) for symbol in symbols],
        "ma_crossover",
        {"short_period": 5, "long_period": 20},
        benchmark=wave("INDEX"),
        benchmark_symbol="INDEX",
        commission_bps=5,
        **settings,
    )


def content_of(outcome: Outcome, **changed: Any) -> Content:
    """What a tear sheet would be made of; ``changed`` are fields of the request."""
    fold = ContentFold("11111111-1111-4111-8111-111111111111")
    started = outcome.decoded[0]
    assert isinstance(started, Started)
    fold.add(Queued(msgspec.structs.replace(started.manifest.request, **changed)), None)
    for event, encoded in zip(outcome.decoded, outcome.events, strict=True):
        fold.add(event, encoded.attachment)
    return fold.content()


def sheet(content: Content, prices: dict[str, pl.DataFrame | None] | None = None) -> Page:
    return page(content, prices or {})
