"""Ticks: one price, complete at once, several at one moment."""

from domain.market.bars import Bars
from domain.market.resolution import Resolution
from tests.domain.engine.building import (
    Outcome,
    Weights,
    assert_account,
    bars,
    run_script,
)


def ticks(symbol: str, prices: list[float], at: list[int]) -> Bars:
    return bars(symbol, prices, prices, at=at, resolution=Resolution.TICK)


def run_ticks(data: list[Bars], weights: list[Weights], latency_ms: float = 0) -> Outcome:
    return run_script(data, weights, resolution=Resolution.TICK, latency_ms=latency_ms)


def prices_of_fills(outcome: Outcome) -> list[tuple[str, float]]:
    return outcome.table("fills").select("symbol", "price").rows()


def test_a_tick_decides_and_the_next_fills_though_both_bear_one_timestamp() -> None:
    outcome = run_ticks([ticks("A", [10, 11, 12], at=[0, 0, 0])], [[0.5, None, None]])
    assert prices_of_fills(outcome) == [("A", 11.0)]
    assert_account(outcome, (1000, 0), (450, 550), (450, 600))


def test_with_latency_the_ticks_of_the_same_moment_are_too_early() -> None:
    data = [ticks("A", [10, 11, 12, 13], at=[0, 0, 999, 1000])]
    outcome = run_ticks(data, [[0.5, None, None, None]], latency_ms=1)
    assert prices_of_fills(outcome) == [("A", 13.0)]


def test_every_tick_is_a_row_in_the_order_of_the_file() -> None:
    data = [ticks("A", [10, 12, 11, 13], at=[0, 5, 5, 5])]
    outcome = run_ticks(data, [[1, None, None, None]])
    assert_account(outcome, (1000, 0), (0, 1000), (0, 1000 * 11 / 12), (0, 1000 * 13 / 12))


def test_the_second_tick_of_one_symbol_meets_the_second_of_another() -> None:
    # Rows: (0, first), (0, second), (0, third: A only), (7, first: B only), (8, first).
    data = [
        ticks("A", [10, 11, 12, 14], at=[0, 0, 0, 8]),
        ticks("B", [20, 21, 23, 24], at=[0, 0, 7, 8]),
    ]
    outcome = run_ticks(data, [[0.5, None, None, None], [None, 0.2, None, None]])
    quantity = 0.2 * 1000 / 21
    assert prices_of_fills(outcome) == [("A", 11.0), ("B", 23.0)]
    assert_account(
        outcome,
        (1000, 0),
        (450, 50 * 11),
        (450, 50 * 12),
        (450 - quantity * 23, 50 * 12 + quantity * 23),
        (450 - quantity * 23, 50 * 14 + quantity * 24),
    )
