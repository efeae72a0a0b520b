"""The benchmark: what the initial capital would have become in it."""

import pytest

from domain.runs.events import Measured
from tests.domain.engine.building import MONDAY, Outcome, bars, run

DAY = 86_400_000_000
CLOSES = [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]


def against(benchmark_days: list[int], closes: list[float]) -> Outcome:
    return run(
        [bars("A", CLOSES, CLOSES)],
        "buy_and_hold",
        benchmark=bars("INDEX", closes, closes, at=benchmark_days),
        benchmark_symbol="INDEX",
    )


def curve(outcome: Outcome) -> list[tuple[int, float]]:
    table = outcome.table("benchmark")
    return list(zip(outcome.rows_of(table), table["value"].to_list(), strict=True))


def test_it_is_bought_at_its_first_close_and_carried_over_its_holes() -> None:
    outcome = against([1, 2, 4, 9], [50, 60, 40, 1])
    assert curve(outcome) == [(1, 1000), (2, 1200), (3, 1200), (4, 800), (5, 800)]


def test_bars_before_the_run_count() -> None:
    assert curve(against([-3, 3], [50, 60]))[0] == (0, 1000)


def test_one_that_never_shows_up_has_no_curve() -> None:
    outcome = against([99], [50])
    assert curve(outcome) == []
    values = {each.name: each.value for each in outcome.decoded if isinstance(each, Measured)}
    assert values["beta"] is None


def test_without_a_benchmark_there_are_neither_curve_nor_metrics() -> None:
    outcome = run([bars("A", CLOSES, CLOSES)], "buy_and_hold")
    assert curve(outcome) == []
    assert "beta" not in {each.name for each in outcome.decoded if isinstance(each, Measured)}


def test_its_curve_does_not_depend_on_where_the_ticks_fall() -> None:
    days = list(range(700))
    prices = [100.0 + day % 17 for day in days]
    outcome = run(
        [bars("A", prices, prices)],
        "buy_and_hold",
        benchmark=bars("INDEX", prices[150:], prices[150:], at=days[150:]),
        benchmark_symbol="INDEX",
    )
    points = curve(outcome)
    assert [row for row, _ in points] == days[150:]
    assert outcome.table("benchmark")["timestamp"].cast(int)[0] == MONDAY + 150 * DAY
    assert [value for _, value in points] == pytest.approx(
        [1000 * price / prices[150] for price in prices[150:]]
    )
