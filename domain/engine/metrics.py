"""The metrics summary of a run."""

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from domain.engine import benchmark_metrics, figures, return_metrics
from domain.engine.account import Integers
from domain.engine.figures import FillArrays as FillArrays
from domain.engine.room import Room
from domain.market.bars import Floats, Scalar, read_only
from domain.market.sessions import last_of_day

_COUNTS = [(name, figures.NAMES.index(name)) for name in figures.COUNTS]

Metrics: TypeAlias = dict[str, float | int | None]


def summarise(
    *,
    initial_capital: float,
    equity: Floats,
    days: Integers,
    fills: FillArrays,
    profits: Floats,
    bars_with_position: int,
    periods_per_year: int,
    risk_free_rate: float = 0.0,
    benchmark: tuple[Integers, Floats] | None = None,
) -> Metrics:
    """Every metric of a run by name, in the order they are documented; undefined is None.

    ``equity``: float64[n], account currency, n ≥ 1, one per bar; ``days``: int64[n], the day
    number of each row, never decreasing; ``profits``: float64[c], of the closed round trips;
    ``bars_with_position``: how many of the n rows ended with a position;
    ``periods_per_year``: N, 252 or 365; ``risk_free_rate``: annual, a fraction;
    ``benchmark``: its day numbers (int64[b], increasing) and the value at the end of each of the
    initial capital invested in it (float64[b]), carried forward over days without a bar of it.

    Percent (times 100): total_return, annualized_return, volatility, max_drawdown, var_95,
    cvar_95, win_rate, exposure_time, alpha, tracking_error. Returns r_i are the changes between
    consecutive daily marks (last row of each day), the first of them from the initial capital:
    D days give D returns, which together make total_return. Nothing is NaN or infinite, and the
    same arrays give the same bits on every machine.
    """
    closing = read_only(np.flatnonzero(last_of_day(days)))
    equity, days, profits = _column(equity), _column(days), _column(profits)
    fills = FillArrays._make(_column(each) for each in fills)
    room = Room.of(len(closing), max(len(fills.quantity), len(profits)))
    terms = figures.Terms(initial_capital, periods_per_year, risk_free_rate)
    found = np.empty(len(figures.NAMES))
    risk, trading = found[: len(figures.GROWTH_AND_RISK)], found[len(figures.GROWTH_AND_RISK) :]
    figures.write_growth_and_risk(terms, equity, days, closing, room, risk)
    exposure = 100.0 * bars_with_position / len(equity)
    figures.write_trading(fills, profits, room.marks[1:], exposure, room, trading)
    summary = named(found)
    if benchmark is not None:
        summary |= relative(terms, equity[closing], days[closing], *benchmark)
    return summary


def named(found: Floats) -> Metrics:
    """What ``figures`` has written, by name: float64[26]; NaN becomes None, a count an int."""
    values = found.tolist()
    summary: Metrics = dict(zip(figures.NAMES, values, strict=True))
    if math.isnan(sum(values)):
        summary = {name: None if value != value else value for name, value in summary.items()}
    for name, place in _COUNTS:
        summary[name] = int(values[place])
    return summary


def relative(
    terms: figures.Terms, marks: Floats, days: Integers, known: Integers, values: Floats
) -> Metrics:
    """The metrics against a benchmark: see ``summarise``.

    ``marks`` float64[d]: equity at the end of each of ``days``, int64[d]; ``known`` and
    ``values``: the benchmark.
    """
    capital, years, rate = terms
    returns = return_metrics.daily_returns(np.append(capital, marks))
    against = return_metrics.daily_returns(np.append(capital, _on_days(known, values, days)))
    alongside = returns[len(returns) - len(against) :]
    both = ~(np.isnan(alongside) | np.isnan(against))
    active = alongside[both], against[both]
    return {
        "alpha": benchmark_metrics.alpha(*active, years, rate),
        "beta": benchmark_metrics.beta(*active),
        "information_ratio": benchmark_metrics.information_ratio(*active, years),
        "tracking_error": benchmark_metrics.tracking_error(*active, years),
    }


def _on_days(known: Integers, values: Floats, days: Integers) -> Floats:
    # From the first day on which there is a value.
    latest = np.searchsorted(known, days, side="right") - 1
    return values[latest[latest >= 0]]


def _column(values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    # Compiled code knows read-only, contiguous arrays as one type, and is compiled once for them.
    return read_only(np.ascontiguousarray(values))
