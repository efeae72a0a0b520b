"""When an order reaches the market."""

from domain.market.resolution import Resolution
from tests.domain.engine.building import (
    Outcome,
    assert_account,
    assert_fills,
    assert_orders,
    bars,
    run_script,
)

FLAT = [10.0] * 6
MINUTE_MS = 60_000


def first_fill(latency_ms: float, resolution: Resolution) -> int:
    weights = [[0.5] + [None] * 5]
    outcome = run_script(
        [bars("A", FLAT, FLAT, resolution=resolution)],
        weights,
        resolution=resolution,
        latency_ms=latency_ms,
    )
    return outcome.fills[0][0]


def test_without_latency_the_next_bar_fills() -> None:
    assert first_fill(0, Resolution.DAY) == 1
    assert first_fill(0, Resolution.MINUTE) == 1


def test_a_millisecond_misses_the_next_open() -> None:
    assert first_fill(1, Resolution.DAY) == 2
    assert first_fill(1, Resolution.MINUTE) == 2


def test_a_bar_that_opens_at_the_very_moment_fills() -> None:
    assert first_fill(MINUTE_MS, Resolution.MINUTE) == 2
    assert first_fill(MINUTE_MS + 0.001, Resolution.MINUTE) == 3
    assert first_fill(2.5 * MINUTE_MS, Resolution.MINUTE) == 4


def test_the_first_bar_after_a_gap_fills_however_short_the_latency() -> None:
    data = [bars("A", [10, 20], [10, 20], at=[0, 960], resolution=Resolution.MINUTE)]
    outcome = run_script(data, [[0.2, None]], resolution=Resolution.MINUTE, latency_ms=250)
    assert_fills(outcome, (1, "A", "buy", 20, 20, 0))


def daily(weights: list[float | None], **settings: float | str) -> Outcome:
    prices = [10.0] * len(weights)
    return run_script([bars("A", prices, prices)], [weights], latency_ms=1, **settings)


def test_an_order_on_its_way_is_not_called_back_and_the_latest_wish_follows_it() -> None:
    # Sent at bar 0, there for bar 2. The wish of bar 1 to be out is acted on at bar 2.
    outcome = daily([0.5, 0, None, None, None])
    assert_orders(
        outcome,
        (0, 1, "buy", "submitted", 50, None),
        (2, 1, "buy", "filled", 50, None),
        (2, 2, "sell", "submitted", 50, None),
        (4, 2, "sell", "filled", 50, None),
    )
    assert_account(outcome, (1000, 0), (1000, 0), (500, 500), (500, 500), (1000, 0))


def test_a_wish_that_is_taken_back_in_time_leaves_no_trace() -> None:
    outcome = daily([0.5, 0.2, 0.5, None, None])
    assert_fills(outcome, (2, "A", "buy", 50, 10, 0))


def test_a_strategy_that_changes_its_mind_at_every_bar_still_trades() -> None:
    outcome = daily([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert_fills(outcome, (2, "A", "buy", 10, 10, 0), (4, "A", "buy", 20, 10, 0))


def test_rebalancing_at_every_bar_does_not_hold_an_order_up() -> None:
    outcome = daily([0.5, None, None, None], rebalance="daily")
    assert_fills(outcome, (2, "A", "buy", 50, 10, 0))
