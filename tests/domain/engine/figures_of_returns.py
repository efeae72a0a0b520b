"""The compiled metrics of returns as plain functions of the returns; None where undefined."""

import math

from domain.engine import return_metrics
from domain.engine.return_metrics import ReturnSums
from domain.engine.room import Room
from domain.market.bars import Floats


def annualized_return(initial: float, final: float, count: int, periods: int) -> float | None:
    return _known(return_metrics.annualized_return(initial, final, count, periods))


def volatility(returns: Floats, periods: int) -> float | None:
    return _known(return_metrics.volatility(_sums(returns), periods))


def sharpe_ratio(returns: Floats, periods: int, rate: float) -> float | None:
    return _known(return_metrics.sharpe_ratio(_sums(returns, rate / periods), periods))


def sortino_ratio(returns: Floats, periods: int, rate: float) -> float | None:
    return _known(return_metrics.sortino_ratio(_sums(returns, rate / periods), periods))


def calmar_ratio(annualized: float | None, max_drawdown: float) -> float | None:
    given = math.nan if annualized is None else annualized
    return _known(return_metrics.calmar_ratio(given, max_drawdown))


def value_at_risk(returns: Floats) -> float | None:
    return _known(return_metrics.value_at_risk(_sums(returns)))


def conditional_value_at_risk(returns: Floats) -> float | None:
    return _known(return_metrics.conditional_value_at_risk(_sums(returns)))


def skewness(returns: Floats) -> float | None:
    return _known(return_metrics.skewness(_sums(returns)))


def kurtosis(returns: Floats) -> float | None:
    return _known(return_metrics.kurtosis(_sums(returns)))


def _sums(returns: Floats, daily_rate: float = 0.0) -> ReturnSums:
    return return_metrics.return_sums(returns, daily_rate, Room.of(len(returns), 0))


def _known(figure: float) -> float | None:
    return None if math.isnan(figure) else figure
