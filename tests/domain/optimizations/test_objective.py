"""The metrics that a sweep can be ranked by are those that a backtest has."""

import numpy as np

from domain.engine.metrics import FillArrays, summarise
from domain.optimizations.objective import BENCHMARK_METRICS, METRICS


def test_the_objectives_are_the_metrics_of_a_summary_in_its_order() -> None:
    days = np.arange(3)
    equity = np.array([100.0, 101.0, 99.0])
    nothing = np.empty(0)
    summary = summarise(
        initial_capital=100.0,
        equity=equity,
        days=days,
        fills=FillArrays(nothing, nothing, nothing, nothing),
        profits=nothing,
        bars_with_position=0,
        periods_per_year=252,
        benchmark=(days, equity),
    )
    assert (*METRICS, *BENCHMARK_METRICS) == tuple(summary)
