"""The metrics summary of a run."""

import math
from typing import NamedTuple, TypeAlias

import numpy as np

from domain.engine import benchmark_metrics, return_metrics, trade_metrics
from domain.engine.account import Integers
from domain.engine.drawdown import maximum_drawdown
from domain.engine.reproducible_math import mean
from domain.market.bars import Floats
from domain.market.sessions import last_of_day

Metrics: TypeAlias = dict[str, float | int | None]


class FillArrays(NamedTuple):
    """A run's fills as columns of length m, in the order they happened.

    ``quantity`` float64, signed, buys above 0; ``price`` float64; ``commission`` and ``slippage``
    float64, what the whole fill cost, account currency.
    """

    quantity: Floats
    price: Floats
    commission: Floats
    slippage: Floats


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
    last = last_of_day(days)
    marks = equity[last]
    returns = return_metrics.daily_returns(np.append(initial_capital, marks))
    summary = {
        **_growth_and_risk(
            initial_capital,
            equity,
            days,
            returns[~np.isnan(returns)],
            periods_per_year,
            risk_free_rate,
        ),
        **_trading(fills, profits),
        "turnover": _turnover(fills, marks),
        "exposure_time": 100.0 * bars_with_position / len(equity),
    }
    if benchmark is not None:
        known = _on_days(*benchmark, days[last])
        against = return_metrics.daily_returns(np.append(initial_capital, known))
        alongside = returns[len(returns) - len(known) :]
        both = ~(np.isnan(alongside) | np.isnan(against))
        summary |= _relative(alongside[both], against[both], periods_per_year, risk_free_rate)
    return summary


def _growth_and_risk(
    initial_capital: float,
    equity: Floats,
    days: Integers,
    returns: Floats,
    periods_per_year: int,
    risk_free_rate: float,
) -> Metrics:
    final_value = float(equity[-1])
    annualized = return_metrics.annualized_return(
        initial_capital, final_value, len(returns), periods_per_year
    )
    drawdown = maximum_drawdown(initial_capital, equity, days)
    deepest = 100.0 * drawdown.depth
    sharpe = return_metrics.sharpe_ratio(returns, periods_per_year, risk_free_rate)
    sortino = return_metrics.sortino_ratio(returns, periods_per_year, risk_free_rate)
    return {
        "initial_capital": initial_capital,
        "final_value": final_value,
        "total_return": 100.0 * (final_value / initial_capital - 1.0),
        "annualized_return": annualized,
        "volatility": return_metrics.volatility(returns, periods_per_year),
        "sharpe_ratio": sharpe,
        "sortino_ratio": sortino,
        "calmar_ratio": return_metrics.calmar_ratio(annualized, deepest),
        "max_drawdown": deepest,
        "max_drawdown_duration_days": drawdown.days,
        "var_95": return_metrics.value_at_risk(returns),
        "cvar_95": return_metrics.conditional_value_at_risk(returns),
        "skewness": return_metrics.skewness(returns),
        "kurtosis": return_metrics.kurtosis(returns),
    }


def _trading(fills: FillArrays, profits: Floats) -> Metrics:
    return {
        "total_trades": len(profits),
        "total_fills": len(fills.quantity),
        "win_rate": trade_metrics.win_rate(profits),
        "profit_factor": trade_metrics.profit_factor(profits),
        "average_win": trade_metrics.average_win(profits),
        "average_loss": trade_metrics.average_loss(profits),
        "largest_win": trade_metrics.largest_win(profits),
        "largest_loss": trade_metrics.largest_loss(profits),
        "total_commissions": math.fsum(fills.commission),
        "total_slippage_cost": math.fsum(fills.slippage),
    }


def _turnover(fills: FillArrays, marks: Floats) -> float | None:
    average_equity = mean(marks)
    if average_equity <= 0.0:
        return None
    return math.fsum(np.abs(fills.quantity * fills.price)) / average_equity


def _on_days(known: Integers, values: Floats, days: Integers) -> Floats:
    # From the first day on which there is a value.
    latest = np.searchsorted(known, days, side="right") - 1
    return values[latest[latest >= 0]]


def _relative(
    returns: Floats, benchmark: Floats, periods_per_year: int, risk_free_rate: float
) -> Metrics:
    return {
        "alpha": benchmark_metrics.alpha(returns, benchmark, periods_per_year, risk_free_rate),
        "beta": benchmark_metrics.beta(returns, benchmark),
        "information_ratio": benchmark_metrics.information_ratio(
            returns, benchmark, periods_per_year
        ),
        "tracking_error": benchmark_metrics.tracking_error(returns, benchmark, periods_per_year),
    }
