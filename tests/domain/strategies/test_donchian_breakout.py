"""Donchian breakout, ten bars by hand."""

import numpy as np

from domain.strategies.donchian_breakout import DonchianBreakout
from tests.domain.engine.building import assert_account, assert_fills, bars, run

OPENS = [10, 11, 10, 10, 12, 15, 14, 13, 10, 11]
CLOSES = [11, 10, 11, 12, 14, 14, 13, 11, 11, 12]


def test_a_close_above_two_highs_and_below_the_low_before() -> None:
    # Highs 11 11 11 12 14 15 14 13 11 12, lows 10 10 10 10 12 14 13 11 10 11.
    # Close against the two highs before it, bar 2 on: 11 and 11 (a tie is not above), 12 and 11
    # (in), 14 and 12, 14 and 14, 13 and 15, 11 and 15, 11 and 14, 12 and 13.
    # Against the low before it: 13 and 14 at bar 6 (out), 11 and 13 at bar 7 (still out).
    outcome = run(
        [bars("A", OPENS, CLOSES)], "donchian_breakout", {"entry_period": 2, "exit_period": 1}
    )
    # Bar 3: 1000 / 12 shares, at bar 4's open of 12. Bar 6 sells, at bar 7's open of 13.
    quantity = 1000 / 12
    assert_fills(outcome, (4, "A", "buy", quantity, 12, 0), (7, "A", "sell", quantity, 13, 0))
    richer = quantity * 13
    assert_account(
        outcome,
        *[(1000, 0)] * 4,
        (0, quantity * 14),
        (0, quantity * 14),
        (0, quantity * 13),
        *[(richer, 0)] * 3,
    )


def test_nothing_is_said_before_the_windows_exist_and_between_the_two_lines() -> None:
    weights = DonchianBreakout(entry_period=2, exit_period=1).targets(bars("A", OPENS, CLOSES), 4)
    hold = np.nan
    expected = [hold, hold, hold, 0.25, 0.25, hold, 0, 0, hold, hold]
    np.testing.assert_array_equal(weights, expected)


def test_prices_that_stand_still_break_out_of_nothing() -> None:
    still = [0.1 + 0.2] * 40
    assert np.isnan(DonchianBreakout().targets(bars("A", still, still), 1)).all()
