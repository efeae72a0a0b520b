"""Moving-average crossover, ten bars by hand."""

import numpy as np
import pytest

from domain.strategies.ma_crossover import MovingAverageCrossover
from tests.domain.engine.building import assert_account, assert_fills, bars, run

OPENS = [10, 10, 10, 11, 12, 14, 11, 10, 13, 15]
CLOSES = [10, 10, 10, 13, 14, 12, 9, 12, 15, 16]


def test_means_of_two_and_three_with_slippage_and_a_minimum_commission() -> None:
    # Fast and slow mean from bar 2 on: 10 and 10 (a tie is not above), 11.5 and 11 (in),
    # 13.5 and 12.3, 13 and 13 (out), 10.5 and 11.7, 10.5 and 11, 13.5 and 12 (in), 15.5 and 14.3.
    outcome = run(
        [bars("A", OPENS, CLOSES)],
        "ma_crossover",
        {"short_period": 2, "long_period": 3, "position_size": 0.65},
        slippage_bps=100,
        commission_per_share=0.02,
        commission_minimum=2.5,
    )
    # Bar 3: 650 / 13 = 50 shares, at bar 4's open 12 * 1.01; 50 * 0.02 is below the minimum.
    after_buy = 1000 - 50 * 12.12 - 2.5
    # Bar 5 sells them at bar 6's open, 11 * 0.99.
    after_sale = after_buy + 50 * 10.89 - 2.5
    assert after_sale == pytest.approx(933.5)
    # Bar 8: 65 % of 933.5 at the close of 15, filled at bar 9's open 15 * 1.01.
    second = 0.65 * 933.5 / 15
    assert_fills(
        outcome,
        (4, "A", "buy", 50, 12.12, 2.5),
        (6, "A", "sell", 50, 10.89, 2.5),
        (9, "A", "buy", second, 15.15, 2.5),
    )
    assert_account(
        outcome,
        (1000, 0),
        (1000, 0),
        (1000, 0),
        (1000, 0),
        (391.5, 50 * 14),
        (391.5, 50 * 12),
        (933.5, 0),
        (933.5, 0),
        (933.5, 0),
        (933.5 - second * 15.15 - 2.5, second * 16),
    )


def test_weights_wait_for_the_slow_mean_and_are_shared_by_the_symbols() -> None:
    strategy = MovingAverageCrossover(short_period=2, long_period=3)
    weights = strategy.targets(bars("A", OPENS, CLOSES), 4)
    expected = [np.nan, np.nan, 0, 0.25, 0.25, 0, 0, 0, 0.25, 0.25]
    np.testing.assert_array_equal(weights, expected)


def test_prices_in_cents_that_stand_still_are_a_tie() -> None:
    still = [0.1 + 0.2] * 40
    weights = MovingAverageCrossover(short_period=7, long_period=30).targets(
        bars("A", still, still), 1
    )
    assert not np.nan_to_num(weights).any()
