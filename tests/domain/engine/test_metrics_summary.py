"""The summary: its keys, its units, and what it says of a run computed by hand."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from domain.engine.metrics import FillArrays, Metrics, summarise
from domain.engine.reproducible_math import power

KEYS = [
    "initial_capital", "final_value", "total_return", "annualized_return", "volatility",
    "sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown", "max_drawdown_duration_days",
    "var_95", "cvar_95", "skewness", "kurtosis", "total_trades", "total_fills", "win_rate",
    "profit_factor", "average_win", "average_loss", "largest_win", "largest_loss",
    "total_commissions", "total_slippage_cost", "turnover", "exposure_time",
]  # fmt: skip
BENCHMARK_KEYS = ["alpha", "beta", "information_ratio", "tracking_error"]


def fills(*rows: tuple[float, float, float, float]) -> FillArrays:
    return FillArrays(*np.array(rows, dtype=np.float64).reshape(-1, 4).T)


def summary(equity: Sequence[float], days: Sequence[int] | None = None, **others: Any) -> Metrics:
    arguments: dict[str, Any] = {
        "initial_capital": 1_000.0,
        "equity": np.array(equity, dtype=np.float64),
        "days": np.array(days or range(len(equity)), dtype=np.int64),
        "fills": fills(),
        "profits": np.zeros(0),
        "bars_with_position": 0,
        "periods_per_year": 252,
    }
    return summarise(**(arguments | others))


def test_the_keys_are_the_documented_ones_in_their_order() -> None:
    assert list(summary([1_000, 1_010, 1_005])) == KEYS
    benchmark = (np.arange(3), np.array([5.0, 6.0, 5.5]))
    assert list(summary([1_000, 1_010, 1_005], benchmark=benchmark)) == KEYS + BENCHMARK_KEYS


def test_a_run_by_hand() -> None:
    found = summary(
        [1_000, 1_100, 990, 1_210],
        fills=fills(
            (10, 50.0, 1.0, 0.5),
            (-10, 60.0, 1.0, 0.5),
            (10, 60.0, 1.0, 0.0),
            (-10, 55.0, 1.0, 0.0),
            (4, 50.0, 0.0, 0.0),
        ),
        profits=np.array([98.0, -52.0]),
        bars_with_position=3,
    )
    assert found["final_value"] == 1_210.0
    assert found["total_return"] == pytest.approx(21.0)
    assert found["annualized_return"] == pytest.approx(100 * (1.21 ** (252 / 4) - 1))
    assert found["max_drawdown"] == pytest.approx(10.0)
    assert found["max_drawdown_duration_days"] == 2
    assert found["calmar_ratio"] == pytest.approx(found["annualized_return"] / 10)  # type: ignore[operator]  # not None
    assert (found["total_trades"], found["total_fills"]) == (2, 5)
    assert (found["average_win"], found["largest_win"]) == (98.0, 98.0)
    assert (found["average_loss"], found["largest_loss"]) == (-52.0, -52.0)
    assert found["win_rate"] == 50.0
    assert found["profit_factor"] == pytest.approx(98 / 52)
    assert (found["total_commissions"], found["total_slippage_cost"]) == (4.0, 1.0)
    assert found["turnover"] == pytest.approx((500 + 600 + 600 + 550 + 200) / 1_075)
    assert found["exposure_time"] == 75.0


def test_returns_are_those_of_the_last_row_of_each_day() -> None:
    daily = summary([1_010, 1_030, 1_020])
    intraday = summary([999, 1_010, 1_015, 1_005, 1_030, 1_020], days=[0, 0, 1, 1, 1, 2])
    for key in ("volatility", "sharpe_ratio", "var_95", "skewness", "annualized_return"):
        assert intraday[key] == daily[key]
    assert intraday["max_drawdown"] == pytest.approx(100 * 10 / 1_015)


def test_the_first_day_counts_from_the_initial_capital() -> None:
    found = summary([990, 980, 1_000.0, 970], days=[0, 0, 1, 2])
    returns = np.array([980 / 1_000, 1_000 / 980, 970 / 1_000]) - 1
    assert np.prod(1 + returns) == pytest.approx(0.97)
    assert found["total_return"] == pytest.approx(-3.0)
    assert found["annualized_return"] == pytest.approx(100 * (0.97 ** (252 / 3) - 1))
    assert found["volatility"] == pytest.approx(100 * returns.std(ddof=1) * 252**0.5)
    sharpe = returns.mean() / returns.std(ddof=1) * 252**0.5
    assert found["sharpe_ratio"] == pytest.approx(sharpe)


def test_a_run_that_never_traded() -> None:
    found = summary([1_000, 1_000, 1_000, 1_000, 1_000])
    undefined = {key for key, value in found.items() if value is None}
    assert undefined == {
        "sharpe_ratio", "sortino_ratio", "calmar_ratio", "skewness", "kurtosis", "win_rate",
        "profit_factor", "average_win", "average_loss", "largest_win", "largest_loss",
    }  # fmt: skip
    assert found["volatility"] == 0.0
    assert found["turnover"] == 0.0
    assert (str(found["var_95"]), str(found["cvar_95"])) == ("0.0", "0.0")  # not -0.0


def test_a_run_of_one_row() -> None:
    found = summary([1_000])
    assert found["total_return"] == 0.0
    assert found["volatility"] is None
    assert found["var_95"] is None


def test_a_break_even_round_trip_is_neither_win_nor_loss() -> None:
    found = summary([1_000, 1_000], profits=np.zeros(1))
    assert (found["total_trades"], found["win_rate"], found["profit_factor"]) == (1, 0.0, None)
    assert (found["largest_win"], found["largest_loss"]) == (None, None)


@pytest.mark.parametrize(
    "equity",
    [[1_000, 1_000], [1_000, 0, 0, 0], [1_000, -500, -500, 200], [1e-6, 1e12, 1e12], [2e3] * 9],
)
def test_nothing_is_ever_nan_or_infinite(equity: list[float]) -> None:
    benchmark = (np.arange(len(equity)), np.full(len(equity), 7.0))
    found = summary(equity, benchmark=benchmark)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert all(type(value) in (float, int, type(None)) for value in found.values())


def test_a_benchmark_is_read_on_the_days_of_the_run() -> None:
    equity = [1_000, 1_010, 1_000, 1_020, 1_030]
    same = summary(equity, benchmark=(np.arange(5), np.array([50.0, 55.0, 55.0, 60.0, 54.0])))
    # starts before, lacks day 2 (carried forward) and goes on after
    days, marks = np.array([-2, 0, 1, 3, 4, 9]), np.array([40.0, 50.0, 55.0, 60.0, 54.0, 1.0])
    found = summary(equity, benchmark=(days, marks))
    assert [found[key] for key in BENCHMARK_KEYS] == [same[key] for key in BENCHMARK_KEYS]


def test_days_before_the_benchmark_began_are_left_out() -> None:
    late = (np.array([2, 3, 4]), np.array([55.0, 60.0, 54.0]))
    found = summary([1_500, 1_000, 1_000, 1_020, 1_030], benchmark=late)
    short = summary([1_000, 1_020, 1_030], benchmark=(np.arange(3), late[1]))
    assert [found[key] for key in BENCHMARK_KEYS] == [short[key] for key in BENCHMARK_KEYS]


def test_the_order_of_additions_does_not_show() -> None:
    generator = np.random.default_rng(1)
    rows = [(1.0, 10.0, float(fee), 0.0) for fee in generator.random(999) * 1e6]
    forward = summary([1_000, 1_001], fills=fills(*rows))
    backward = summary([1_000, 1_001], fills=fills(*reversed(rows)))
    assert forward["total_commissions"] == backward["total_commissions"]


@pytest.mark.parametrize(("base", "numerator", "denominator"), [(1.1, 252, 100), (0.3, 1, 7)])
def test_power_agrees_with_the_machines(base: float, numerator: int, denominator: int) -> None:
    found = power(base, numerator, denominator)
    assert found == pytest.approx(base ** (numerator / denominator), rel=1e-14)
