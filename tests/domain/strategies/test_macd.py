"""Convergence and divergence, ten bars by hand."""

import numpy as np
import pytest

from domain.errors import InvalidRequest
from domain.indicators import macd
from domain.strategies import registry
from domain.strategies.macd import ConvergenceDivergence
from tests.domain.engine.building import assert_account, assert_fills, bars, run

OPENS = [10, 10, 10, 10, 15, 20, 20, 16, 12, 12]
CLOSES = [10, 10, 10, 16, 16, 22, 16, 10, 12, 18]


def test_averages_of_one_and_two_with_a_signal_of_two() -> None:
    # The fast average (1) is the close. The slow one (2) starts at bar 1 with the mean of two and
    # goes two thirds of the way to each close, so the line keeps a third of that way:
    # way      bar 1 0, 0, 6, 2, 6 2/3, -3.78, -7.26, -0.42, 5.86
    # line           0, 0, 2, 0.67, 2.22, -1.26, -2.42, -0.14, 1.95
    # signal   bar 2 0, 1.33, 0.89, 1.78, -0.25, -1.70, -0.66, 1.08 (two thirds of the way as well)
    # above    bar 3 in, bar 4 out, bar 5 in, bar 6 out, bar 8 in, bar 9 in
    outcome = run(
        [bars("A", OPENS, CLOSES)],
        "macd",
        {"fast_period": 1, "slow_period": 2, "signal_period": 2},
    )
    # Bar 3: 1000 / 16 shares, at bar 4's open of 15. Bar 4 sells, at bar 5's open of 20.
    first = 1000 / 16
    cash = 1000 - first * 15
    richer = cash + first * 20
    # Bar 5: at its close of 22, filled at 20. Bar 6 sells, at 16. Bar 8: at 12, filled at 12.
    second = richer / 22
    change = richer - second * 20
    poorer = change + second * 16
    third = poorer / 12
    assert_fills(
        outcome,
        (4, "A", "buy", first, 15, 0),
        (5, "A", "sell", first, 20, 0),
        (6, "A", "buy", second, 20, 0),
        (7, "A", "sell", second, 16, 0),
        (9, "A", "buy", third, 12, 0),
    )
    assert_account(
        outcome,
        *[(1000, 0)] * 4,
        (cash, first * 16),
        (richer, 0),
        (change, second * 16),
        (poorer, 0),
        (poorer, 0),
        (0, third * 18),
    )


def test_weights_wait_for_the_signal_and_are_shared_by_the_symbols() -> None:
    strategy = ConvergenceDivergence(fast_period=1, slow_period=2, signal_period=2)
    weights = strategy.targets(bars("A", OPENS, CLOSES), 4)
    expected = [np.nan, np.nan, 0, 0.25, 0, 0.25, 0, 0, 0.25, 0.25]
    np.testing.assert_array_equal(weights, expected)


def test_what_is_left_of_an_old_move_is_in_the_end_a_tie() -> None:
    # After a fall the line stays above its signal for ever, by less and less.
    closes = [100.0 - t for t in range(60)] + [41.0] * 1_000
    weights = ConvergenceDivergence().targets(bars("A", closes, closes), 1)
    lines = macd(np.array(closes), 12, 26, 9)
    assert weights[80] == 1.0
    assert lines.histogram[400] > 0.0
    assert not weights[400:].any()


def test_a_fast_period_that_is_not_below_the_slow_one_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="fast_period 26 must be below slow_period 26"):
        registry.create("macd", {"fast_period": 26})
