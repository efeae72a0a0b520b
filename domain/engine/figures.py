"""Every metric of a run that needs no benchmark, in one compiled call."""

from typing import NamedTuple

import numpy as np

from domain.compiled import compiled_in_place
from domain.engine import return_metrics as of_returns
from domain.engine import trade_metrics as of_trades
from domain.engine.account import Integers
from domain.engine.drawdown import maximum_drawdown
from domain.engine.exact_sum import exact_sum
from domain.engine.room import Room
from domain.market.bars import Floats

GROWTH_AND_RISK = (
    "initial_capital", "final_value", "total_return", "annualized_return", "volatility",
    "sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown", "max_drawdown_duration_days",
    "var_95", "cvar_95", "skewness", "kurtosis",
)  # fmt: skip
TRADING = (
    "total_trades", "total_fills", "win_rate", "profit_factor", "average_win", "average_loss",
    "largest_win", "largest_loss", "total_commissions", "total_slippage_cost", "turnover",
    "exposure_time",
)  # fmt: skip
NAMES = GROWTH_AND_RISK + TRADING
COUNTS = ("max_drawdown_duration_days", "total_trades", "total_fills")


class Terms(NamedTuple):
    """What a run begins with, and how its daily figures are annualised.

    ``periods_per_year``: N, 252 or 365; ``risk_free_rate``: annual, a fraction.
    """

    initial_capital: float
    periods_per_year: int
    risk_free_rate: float


class FillArrays(NamedTuple):
    """A run's fills as columns of length m, in the order they happened.

    ``quantity`` float64, signed, buys above 0; ``price`` float64; ``commission`` and ``slippage``
    float64, what the whole fill cost, account currency.
    """

    quantity: Floats
    price: Floats
    commission: Floats
    slippage: Floats


@compiled_in_place
def write_growth_and_risk(
    terms: Terms, equity: Floats, days: Integers, closing: Integers, room: Room, figures: Floats
) -> int:
    """Write the metrics of ``GROWTH_AND_RISK``, float64[14], NaN where they are undefined.

    ``equity`` float64[n], n ≥ 1, and ``days`` int64[n], the day number of each row; ``closing``
    int64[d]: the last row of each day. Leaves the mark of each day in ``room.marks`` (the initial
    capital first, then d of them) and the returns that are defined, first to last, in
    ``room.returns``; gives how many those are.
    """
    count = _write_returns(terms.initial_capital, equity, closing, room)
    returns = room.returns[:count]
    capital, years = terms.initial_capital, terms.periods_per_year
    final_value = equity[len(equity) - 1]
    drawdown = maximum_drawdown(capital, equity, days)
    deepest = 100.0 * drawdown.depth
    sums = of_returns.return_sums(returns, terms.risk_free_rate / years, room)
    annualized = of_returns.annualized_return(capital, final_value, count, years)
    figures[0] = capital
    figures[1] = final_value
    figures[2] = 100.0 * (final_value / capital - 1.0)
    figures[3] = annualized
    figures[4] = of_returns.volatility(sums, years)
    figures[5] = of_returns.sharpe_ratio(sums, years)
    figures[6] = of_returns.sortino_ratio(sums, years)
    figures[7] = of_returns.calmar_ratio(annualized, deepest)
    figures[8] = deepest
    figures[9] = drawdown.days
    figures[10] = of_returns.value_at_risk(sums)
    figures[11] = of_returns.conditional_value_at_risk(sums)
    figures[12] = of_returns.skewness(sums)
    figures[13] = of_returns.kurtosis(sums)
    return count


@compiled_in_place
def write_trading(
    fills: FillArrays, profits: Floats, marks: Floats, exposure: float, room: Room, figures: Floats
) -> None:
    """Write the metrics of ``TRADING``, float64[12], NaN where they are undefined.

    ``profits``: float64[c], of the closed round trips; ``marks``: float64[d], of each day;
    ``exposure``: the share of the rows that ended with a position, percent.
    """
    sums = of_trades.profit_sums(profits, room)
    figures[0] = sums.trips
    figures[1] = len(fills.quantity)
    figures[2] = of_trades.win_rate(sums)
    figures[3] = of_trades.profit_factor(sums)
    figures[4] = of_trades.average_win(sums)
    figures[5] = of_trades.average_loss(sums)
    figures[6] = of_trades.largest_win(sums)
    figures[7] = of_trades.largest_loss(sums)
    figures[8] = exact_sum(fills.commission, room.lanes)
    figures[9] = exact_sum(fills.slippage, room.lanes)
    figures[10] = _turnover(fills, marks, room)
    figures[11] = exposure


@compiled_in_place
def _write_returns(capital: float, equity: Floats, closing: Integers, room: Room) -> int:
    marks, returns, days = room.marks, room.returns, len(closing)
    marks[0] = capital
    if days == len(equity):
        for day in range(days):
            marks[day + 1] = equity[day]
    else:
        for day in range(days):
            marks[day + 1] = equity[closing[day]]
    for day in range(days):
        returns[day] = (marks[day + 1] - marks[day]) / marks[day]
    solvent = 0
    for day in range(days):
        solvent += marks[day] > 0.0
    if solvent == days:
        return days
    # Of nothing, or of debts, there is no return.
    count = 0
    for day in range(days):
        returns[count] = returns[day]
        count += marks[day] > 0.0
    return count


@compiled_in_place
def _turnover(fills: FillArrays, marks: Floats, room: Room) -> float:
    average_equity = exact_sum(marks, room.lanes) / len(marks)
    if not average_equity > 0.0:
        return np.nan
    count = len(fills.quantity)
    for fill in range(count):
        room.work[fill] = abs(fills.quantity[fill] * fills.price[fill])
    return exact_sum(room.work[:count], room.lanes) / average_equity
